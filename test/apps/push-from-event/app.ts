import { App } from 'aws-cdk-lib';
import { PushFromEvent } from './stack';

const app = new App();
new PushFromEvent(app);
app.synth();
