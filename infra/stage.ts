import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { invariant } from '#lib/invariant';

/** What an adopter decides per deployment. One deployment serves one app; several apps are several stages. */
export interface StageConfig {
  /** The app's name as its users read it, in e-mails. */
  readonly appName: string;
  /** Browser origins that may call the API. */
  readonly corsOrigins: readonly string[];
  /** Origins a checkout may send the buyer back to. */
  readonly redirectOrigins: readonly string[];
  /** Where admins land after signing in to their client. */
  readonly adminCallbackUrls: readonly string[];
  /** The verified address that e-mails come from; SES asks its owner to confirm it at the first deployment. */
  readonly senderEmail: string;
  /** Who is told about disputed payments, in time to answer them. */
  readonly financeEmail: string;
  /** Who hears of alarms; without it the topic exists and has no subscriber yet. */
  readonly alertEmail?: string;
  /** Whether provider events must be of live mode; an event of the other mode is quarantined. */
  readonly livemode: boolean;
  readonly logLevel: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';
  readonly logRetention: RetentionDays;
  /**
   * Concurrent executions set aside for each public webhook receiver, and the most that a flood can take. Lambda refuses
   * a reservation that leaves the account fewer than 100 others: a new account asks for a higher limit first.
   */
  readonly receiverConcurrency: number;
  /** Requests per second and burst that the gateway lets through for the whole API. */
  readonly throttle: { readonly rate: number; readonly burst: number };
}

const dev: StageConfig = {
  appName: 'Credit Ledger (dev)',
  corsOrigins: ['http://localhost:3000', 'http://localhost:5173'],
  redirectOrigins: ['http://localhost:3000', 'http://localhost:5173'],
  adminCallbackUrls: ['http://localhost:5173/signed-in'],
  senderEmail: 'credits@example.com',
  financeEmail: 'finance@example.com',
  livemode: false,
  logLevel: 'INFO',
  logRetention: RetentionDays.TWO_WEEKS,
  receiverConcurrency: 5,
  throttle: { rate: 100, burst: 200 },
};

/** The stages this project deploys: `npx cdk deploy --all -c stage=prod`. */
export const stages = {
  dev,
  // One machine takes what a fleet of gateways would: storms of webhooks and requests are what it is for.
  local: {
    ...dev,
    appName: 'Credit Ledger',
    receiverConcurrency: 20,
    throttle: { rate: 5_000, burst: 5_000 },
  },
  prod: {
    ...dev,
    appName: 'Credit Ledger',
    corsOrigins: ['https://app.example.com'],
    redirectOrigins: ['https://app.example.com'],
    adminCallbackUrls: ['https://admin.example.com/signed-in'],
    alertEmail: 'oncall@example.com',
    livemode: true,
    logRetention: RetentionDays.ONE_YEAR,
    receiverConcurrency: 20,
    throttle: { rate: 1_000, burst: 2_000 },
  },
} as const satisfies Record<string, StageConfig>;

export type StageName = keyof typeof stages;

/** The stage of that name, or an error that lists the known ones. */
export function stageNamed(name: unknown): StageName {
  const known = Object.keys(stages);
  invariant(isStageName(name), `stage ${String(name)} is one of ${known.join(', ')}`);
  return name;
}

function isStageName(name: unknown): name is StageName {
  return typeof name === 'string' && Object.hasOwn(stages, name);
}
