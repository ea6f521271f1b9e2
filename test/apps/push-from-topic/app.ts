import { App } from 'aws-cdk-lib';
import { PushFromTopic } from './stack';

const app = new App();
new PushFromTopic(app);
app.synth();
