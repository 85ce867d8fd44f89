import { Aws, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  AccountRecovery,
  CfnUserPoolGroup,
  Mfa,
  OAuthScope,
  ResourceServerScope,
  UserPool,
  type UserPoolClient,
  UserPoolResourceServer,
} from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';
import type { Scope } from '#lib/contract/route';
import type { Group } from '#lib/identity/permissions';
import { acknowledge } from '#infra/acknowledge';

const groups = {
  admin: 'Everything',
  finance: 'Adjust, refund and report',
  support: 'Look, but change nothing',
  suspended: 'May see credits, but not use or buy any',
} as const satisfies Record<Group, string>;

const scopes = {
  'credits/read': 'Read wallets',
  'credits/write': 'Move credits',
} as const satisfies Record<Scope, string>;

export interface IdentityProps {
  /** Prefix of physical names; the pool's domain adds the account, because domains are global. */
  readonly prefix: string;
  readonly adminCallbackUrls: readonly string[];
}

/**
 * One Cognito user pool with three clients. Being an admin is membership of a group, which only an operator can give
 * (`aws cognito-idp admin-add-user-to-group`); signing up through any client gives none.
 *
 * Cognito sets MFA per pool, not per client, so it is optional here (a pool that requires it would ask every buyer).
 * An operator enables TOTP for each admin before adding the group; the admin client keeps its tokens short-lived, and
 * has a secret, which Cognito then also demands for SignUp, so that nobody registers through it from a browser.
 */
export class Identity extends Construct {
  readonly userPool: UserPool;
  readonly appClient: UserPoolClient;
  readonly adminClient: UserPoolClient;
  readonly serviceClient: UserPoolClient;
  readonly tokenEndpoint: string;

  constructor(scope: Construct, id: string, props: IdentityProps) {
    super(scope, id);
    this.userPool = userPool(this, props.prefix);
    for (const [groupName, description] of Object.entries(groups)) {
      new CfnUserPoolGroup(this, `Group-${groupName}`, {
        userPoolId: this.userPool.userPoolId,
        groupName,
        description,
      });
    }
    const domainPrefix = `${props.prefix}-${Aws.ACCOUNT_ID}`;
    this.userPool.addDomain('Domain', { cognitoDomain: { domainPrefix } });
    this.tokenEndpoint = `https://${domainPrefix}.auth.${Stack.of(this).region}.amazoncognito.com/oauth2/token`;

    this.appClient = this.userPool.addClient('AppClient', {
      userPoolClientName: 'app',
      generateSecret: false,
      authFlows: { userSrp: true },
      disableOAuth: true,
      preventUserExistenceErrors: true,
      enableTokenRevocation: true,
      accessTokenValidity: Duration.hours(1),
      idTokenValidity: Duration.hours(1),
      refreshTokenValidity: Duration.days(30),
    });
    this.adminClient = this.userPool.addClient('AdminClient', {
      userPoolClientName: 'admin',
      generateSecret: true,
      oAuth: {
        flows: { authorizationCodeGrant: true },
        scopes: [OAuthScope.OPENID],
        callbackUrls: [...props.adminCallbackUrls],
      },
      preventUserExistenceErrors: true,
      enableTokenRevocation: true,
      // A removed admin's token stays valid until it runs out.
      accessTokenValidity: Duration.minutes(15),
      idTokenValidity: Duration.minutes(15),
      refreshTokenValidity: Duration.hours(12),
    });
    this.serviceClient = serviceClient(this, this.userPool);
  }
}

function userPool(scope: Construct, prefix: string): UserPool {
  const pool = new UserPool(scope, 'UserPool', {
    userPoolName: prefix,
    selfSignUpEnabled: true,
    signInAliases: { email: true },
    autoVerify: { email: true },
    keepOriginal: { email: true },
    standardAttributes: { email: { required: true, mutable: true } },
    passwordPolicy: {
      minLength: 12,
      requireLowercase: true,
      requireUppercase: true,
      requireDigits: true,
      requireSymbols: true,
      tempPasswordValidity: Duration.days(3),
    },
    mfa: Mfa.OPTIONAL,
    mfaSecondFactor: { otp: true, sms: false },
    accountRecovery: AccountRecovery.EMAIL_ONLY,
    deletionProtection: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  acknowledge(pool, {
    'AwsSolutions-COG2':
      'MFA is per pool, and buyers are not asked for it; admins enrol TOTP before they get their group.',
    'AwsSolutions-COG8':
      'The Plus plan costs per monthly user; rate limits and group checks protect the actions that matter here.',
  });
  return pool;
}

/** The app's own backend: client credentials, one scope to read and one to move credits. */
function serviceClient(scope: Construct, pool: UserPool): UserPoolClient {
  const server = new UserPoolResourceServer(scope, 'Credits', {
    userPool: pool,
    identifier: 'credits',
    scopes: Object.entries(scopes).map(([name, scopeDescription]) => {
      const scopeName = name.replace('credits/', '');
      return new ResourceServerScope({ scopeName, scopeDescription });
    }),
  });
  const client = pool.addClient('ServiceClient', {
    userPoolClientName: 'service',
    generateSecret: true,
    oAuth: {
      flows: { clientCredentials: true },
      scopes: Object.keys(scopes).map((name) => OAuthScope.custom(name)),
    },
    enableTokenRevocation: true,
    accessTokenValidity: Duration.hours(1),
  });
  client.node.addDependency(server);
  return client;
}
