/** A realtime server class as a WebSocket API, with the secrets of its clients' tokens, and its API for backends. */
import { CfnOutput } from 'aws-cdk-lib';
import { HttpApi, HttpMethod, HttpStage } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledgement';
import { bundledFunction } from './bundled-function';
import { generatedSecret, type ReadableSecret } from './generated-secret';
import { ROUTES_TIMEOUT } from './service-functions';
import { WebSocketService, type WebSocketServiceProps } from './websocket-service';

export interface TokenKeysOptions {
  /** The secret of tokens signed with HMAC. `generate` creates one. @default none */
  readonly secret?: ReadableSecret | 'generate';
  /** The previous secret, accepted during a rotation. @default none */
  readonly previousSecret?: ReadableSecret;
  /** The public key, in PEM, of tokens signed with RSA or elliptic curves. @default none */
  readonly publicKey?: string;
  /** The required `iss`. @default any */
  readonly issuer?: string;
  /** What `aud` must contain. @default any */
  readonly audience?: string;
}

export interface BackendApiOptions {
  /** The key that backends send. `generate` creates one. @default generate */
  readonly apiKey?: ReadableSecret | 'generate';
  /** Requests a second, and the burst. @default 100 and 200 */
  readonly throttle?: { readonly rateLimit: number; readonly burstLimit: number };
}

export interface RealtimeServiceProps extends WebSocketServiceProps {
  /** Keys that verify clients' tokens. @default none: no token is accepted, unless the class overrides `tokenKeys()` */
  readonly tokens?: TokenKeysOptions;
  /**
   * Centrifugo's server API over HTTP for your backends. The `handlers.ts` of the service exports
   * `api = createRealtimeApi(…)`. @default none
   */
  readonly httpApi?: true | BackendApiOptions;
}

export class RealtimeService extends WebSocketService {
  /** The secret that signs tokens, if `tokens.secret` is given. */
  readonly tokenSecret: ReadableSecret | undefined;
  /** The key of the API, if there is one. */
  readonly apiKey: ReadableSecret | undefined;
  /** The URL for backends' libraries: `https://…/api`. */
  readonly apiUrl: string | undefined;
  /** The function behind the API. */
  readonly apiFunction: LambdaFunction | undefined;

  constructor(scope: Construct, id: string, props: RealtimeServiceProps) {
    super(scope, id, props);
    const { tokens = {}, httpApi } = props;
    this.tokenSecret =
      tokens.secret === 'generate'
        ? generatedSecret(this, 'TokenSecret', `Signs the tokens of ${this.serviceName}'s clients`)
        : tokens.secret;
    this.#verifyTokens(tokens);
    if (!httpApi) return;
    const { apiKey = 'generate', throttle }: BackendApiOptions = httpApi === true ? {} : httpApi;
    this.apiKey =
      apiKey === 'generate'
        ? generatedSecret(this, 'ApiKey', `Lets backends call the API of ${this.serviceName}`)
        : apiKey;
    this.apiFunction = this.#apiFunction(props, this.apiKey);
    this.apiUrl = this.#httpApi(this.apiFunction, throttle);
  }

  /** Only the routes function may read the secrets, because only it gets clients' messages. */
  #verifyTokens({ previousSecret, publicKey, issuer, audience }: TokenKeysOptions): void {
    const { routes } = this.functions;
    const secrets = { TOKEN_SECRET_ARN: this.tokenSecret, TOKEN_PREVIOUS_SECRET_ARN: previousSecret };
    for (const [name, secret] of Object.entries(secrets)) {
      if (!secret) continue;
      secret.grantRead(routes);
      routes.addEnvironment(name, secret.secretArn);
    }
    const others = { TOKEN_PUBLIC_KEY: publicKey, TOKEN_ISSUER: issuer, TOKEN_AUDIENCE: audience };
    for (const [name, value] of Object.entries(others))
      if (value !== undefined) routes.addEnvironment(name, value);
  }

  #apiFunction(props: RealtimeServiceProps, apiKey: ReadableSecret): LambdaFunction {
    const { entry, environment, memoryMegabytes, logRetention } = props;
    const api = bundledFunction(this, 'BackendApi', {
      ...{ entry, handler: 'index.api', timeout: ROUTES_TIMEOUT },
      environment: {
        ...environment,
        SERVICE_NAME: this.serviceName,
        SERVER_FUNCTION: this.functions.server.functionName,
        API_KEY_ARN: apiKey.secretArn,
      },
      ...(memoryMegabytes !== undefined && { memoryMegabytes }),
      ...(logRetention !== undefined && { logRetention }),
    });
    apiKey.grantRead(api);
    this.grantConnections(api);
    return api;
  }

  /** Returns the API's URL. */
  #httpApi(api: LambdaFunction, throttle: BackendApiOptions['throttle']): string {
    const http = new HttpApi(this, 'Http', {
      description: `The API of ${this.serviceName} for backends`,
      createDefaultStage: false,
    });
    const integration = new HttpLambdaIntegration('Api', api);
    for (const path of ['/api', '/api/{method}'])
      http.addRoutes({ path, methods: [HttpMethod.POST], integration });
    acknowledge(
      http,
      'APIG4',
      'The function itself checks the API key of each request, and responds with 401 without it.',
    );
    const stage = new HttpStage(this, 'HttpStage', {
      ...{ httpApi: http, autoDeploy: true },
      throttle: throttle ?? { rateLimit: 100, burstLimit: 200 },
    });
    acknowledge(
      stage,
      'APIG1',
      "The function's own log group shows each request, because each is an invocation.",
    );
    const url = `${http.apiEndpoint}/api`;
    new CfnOutput(this, 'ApiUrl', { description: `${this.serviceName}: backends publish here`, value: url });
    return url;
  }
}
