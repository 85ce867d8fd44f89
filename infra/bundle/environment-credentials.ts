import { fromEnv } from '@aws-sdk/credential-provider-env';

/**
 * Stands in for `@aws-sdk/credential-provider-node` in every bundle. Lambda puts the role's credentials into the
 * environment before it loads a function, so the rest of the default chain (SSO, STS, instance metadata, processes,
 * profile files) can never be asked; leaving it out saves about 130 KiB and an eighth of the CPU of a cold start.
 */
export const defaultProvider = fromEnv;
