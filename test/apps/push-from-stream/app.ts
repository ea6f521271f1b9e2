import { App } from 'aws-cdk-lib';
import { PushFromStream } from './stack';

const app = new App();
new PushFromStream(app);
app.synth();
