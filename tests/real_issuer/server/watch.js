// What stands before the provider: who looks at each request, and the person at its pages.

// What a test may know of a request: which way it came and how it ended. No secret and no token.
function seen(ctx) {
  const parameters = ctx.oidc?.params ?? {};
  const names = Object.keys(parameters).filter((name) => parameters[name] !== undefined);
  return {
    method: ctx.method,
    path: ctx.path,
    client: ctx.oidc?.entities?.Client?.clientId,
    grant: parameters.grant_type,
    scope: parameters.scope,
    resource: parameters.resource,
    parameters: names,
    basic: /^basic /i.test(ctx.get('authorization')),
    certificate: ctx.socket.getPeerX509Certificate?.() !== undefined,
    status: ctx.status,
    error: ctx.body?.error,
  };
}

// Notes each request in `requests`, in the order of their ends.
export function observe(requests) {
  return async (ctx, next) => {
    await next();
    requests.push(seen(ctx));
  };
}

// Has the device flow's answer name how often to poll, which the package leaves out.
export function polling(interval) {
  return async (ctx, next) => {
    await next();
    if (interval !== undefined && ctx.body?.device_code !== undefined) ctx.body.interval = interval;
  };
}

// Who has an account here.
const ACCOUNT = 'ada';

async function consent(provider, { client_id: clientId, scope = '', resource = [] }) {
  const grant = new provider.Grant({ accountId: ACCOUNT, clientId });
  grant.addOIDCScope(scope);
  for (const one of [resource].flat()) grant.addResourceScope(one, scope);
  return { grantId: await grant.save() };
}

// A first refresh token, as if its client had just been through the code flow.
export async function granted(provider, { client: id, scope = '', resource }) {
  const { grantId } = await consent(provider, { client_id: id, scope, resource });
  const client = await provider.Client.find(id);
  const gty = 'authorization_code';
  const token = new provider.RefreshToken({ accountId: ACCOUNT, client, grantId, gty, resource, scope });
  return token.save();
}

// Logs her in and says yes to all at once; no, where the browser says that she refuses.
export function person(provider) {
  return async (ctx, next) => {
    if (!ctx.path.startsWith('/interaction/')) return next();
    const { params } = await provider.interactionDetails(ctx.req, ctx.res);
    const refuses = ctx.get('x-person') === 'refuses';
    const result = refuses
      ? { error: 'access_denied', error_description: 'the person refused' }
      : { login: { accountId: ACCOUNT }, consent: await consent(provider, params) };
    ctx.status = 303;
    ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, result));
    return undefined;
  };
}
