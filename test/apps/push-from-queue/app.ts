import { App } from 'aws-cdk-lib';
import { PushFromQueue } from './stack';

const app = new App();
new PushFromQueue(app);
app.synth();
