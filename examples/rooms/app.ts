import { App, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as Target } from 'aws-cdk-lib/aws-events-targets';
import { Architecture, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { bundleFunctions, WebSocketService } from 'shared-connection/infra';

const issuer = 'https://login.example.com';

bundleFunctions(__dirname, ['quiz', 'host']);
const app = new App();
const stack = new Stack(app, 'Quiz');
const service = new WebSocketService(stack, 'Service', {
  entry: 'quiz',
  allowedOrigins: ['https://quiz.example.com'],
  jwt: { issuer, audience: 'quiz', from: 'subprotocol' },
});

function publisher(id: string, handler: string): LambdaFunction {
  const published = new LambdaFunction(stack, id, {
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    code: Code.fromAsset('build/host'),
    handler: `index.${handler}`,
    timeout: Duration.seconds(30),
    logGroup: new LogGroup(stack, `${id}Logs`, { removalPolicy: RemovalPolicy.DESTROY }),
  });
  service.grantConnections(published);
  return published;
}

new Rule(stack, 'EveryMinute', {
  schedule: Schedule.rate(Duration.minutes(1)),
  targets: [new Target(publisher('Lobby', 'everyMinute'))],
});
const http = new HttpApi(stack, 'Http');
http.addRoutes({
  path: '/rooms/{room}/questions',
  methods: [HttpMethod.POST],
  integration: new HttpLambdaIntegration('Ask', publisher('Ask', 'askByHttp')),
  // Authorizers of HTTP APIs do not run on your machine: OPEN_HOSTS=1 npm start leaves it out there.
  ...(!process.env.OPEN_HOSTS && {
    authorizer: new HttpJwtAuthorizer('Hosts', issuer, { jwtAudience: ['quiz-hosts'] }),
  }),
});
new CfnOutput(stack, 'HttpUrl', { value: http.apiEndpoint });
app.synth();
