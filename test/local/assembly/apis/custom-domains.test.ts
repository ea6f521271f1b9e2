import type { JsonObject } from '../../../../local/assembly/values/json';
import { chatTemplateWith, readTemplate, type Template } from '../written-assembly';

const Domain = { Type: 'AWS::ApiGatewayV2::DomainName', Properties: { DomainName: 'WS.example.com' } };
const mapping = (properties: JsonObject) => ({
  Type: 'AWS::ApiGatewayV2::ApiMapping',
  Properties: {
    ApiId: { Ref: 'Api' },
    DomainName: { Ref: 'Domain' },
    Stage: { Ref: 'Stage' },
    ...properties,
  },
});

function chat(more: Record<string, JsonObject>, isDisabled = false): Template {
  const template = chatTemplateWith({
    Api: { DisableExecuteApiEndpoint: isDisabled },
    Function: { Environment: { Variables: { ENDPOINT: { 'Fn::Sub': `https://\${Domain}/ws` } } } },
  });
  return { ...template, Resources: { ...template.Resources, Domain, ...more } };
}

describe('Custom domains', () => {
  it('lead to stages by their mapping keys, and have names', () => {
    const { apis, functions, notRun } = readTemplate(
      chat(
        { Mapping: mapping({ ApiMappingKey: 'ws' }), Bare: mapping({ DomainName: 'bare.example.com' }) },
        true,
      ),
    );
    expect(apis[0]).toMatchObject({
      isExecuteApiDisabled: true,
      customDomains: [
        { domainName: 'ws.example.com', stageName: 'chat', mappingKey: 'ws' },
        { domainName: 'bare.example.com', stageName: 'chat', mappingKey: '' },
      ],
    });
    expect(functions[0]?.environment).toEqual({ ENDPOINT: 'https://WS.example.com/ws' });
    expect(notRun).toEqual([]);
  });

  it.each(['ping', 'sping'])('lead nowhere by the key %s, which API Gateway reserves', (ApiMappingKey) => {
    const { apis, notRun } = readTemplate(chat({ Mapping: mapping({ ApiMappingKey }) }));
    expect(apis[0]).not.toHaveProperty('customDomains');
    expect(notRun).toEqual([
      expect.objectContaining({
        path: 'Main/Mapping',
        reason: expect.stringMatching(/health checks/),
        cost: `nobody can connect to ws.example.com/${ApiMappingKey}`,
      }),
    ]);
  });

  it('are required if the API’s own endpoint is disabled', () => {
    expect(() => readTemplate(chat({}, true))).toThrow(
      /Nobody can connect to Main\/Api\. Main\/Api: has DisableExecuteApiEndpoint, but the app maps no custom domain to it/,
    );
  });
});
