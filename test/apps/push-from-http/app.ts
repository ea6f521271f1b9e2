import { App } from 'aws-cdk-lib';
import { PushFromHttp } from './stack';

const app = new App();
new PushFromHttp(app);
app.synth();
