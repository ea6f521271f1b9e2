/**
 * A Lambda authorizer whose response depends on the token. For the token `event`, it returns the event in the
 * context.
 */
exports.handler = async (event) => {
  const { token } = event.queryStringParameters;
  if (token === 'unauthorized') throw new Error('Unauthorized');
  if (token === 'crash') throw new Error('the authorizer crashed');
  if (token === 'malformed') return { statusCode: 401 };
  if (token === 'no-principal') return { policyDocument: policy('Allow', event.methodArn) };
  if (token === 'deny') return answer('Deny', event.methodArn);
  if (token === 'another-route')
    return answer('Allow', event.methodArn.replace(/\$connect$/, 'somewhere/else'));
  if (token === 'too-large')
    return { ...answer('Allow', event.methodArn), context: { large: 'x'.repeat(9_000) } };
  if (token === 'event')
    return { ...answer('Allow', event.methodArn), context: { event: JSON.stringify(event) } };
  return { ...answer('Allow', event.methodArn), context: { text: 'blue', number: 7, flag: true } };
};

function answer(Effect, Resource) {
  return { principalId: 'ada', policyDocument: policy(Effect, Resource) };
}

function policy(Effect, Resource) {
  return { Version: '2012-10-17', Statement: [{ Action: 'execute-api:Invoke', Effect, Resource }] };
}
