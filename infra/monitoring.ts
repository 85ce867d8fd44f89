import { Duration } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import type { MetricName } from '#lib/http/metrics';
import { type FunctionLookup, functionDefinitions, functionNames } from '#infra/functions';
import { metricsNamespace, SERVICE_NAME } from '#infra/ledger-function';
import type { ServiceResources } from '#infra/service-resources';
import type { StageConfig, StageName } from '#infra/stage';

export interface MonitoringProps {
  readonly prefix: string;
  readonly stage: StageName;
  readonly config: StageConfig;
  readonly api: HttpApi;
  readonly functions: FunctionLookup;
  readonly resources: ServiceResources;
}

interface AlarmRow {
  readonly metric: IMetric;
  /** The first value that alarms. */
  readonly threshold: number;
  /** How many periods in a row. */
  readonly periods?: number;
  readonly means: string;
}

const PERIOD = Duration.minutes(5);

/** The alarms of DESIGN 12, on one topic, and a dashboard of what they watch. */
export class Monitoring extends Construct {
  constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);
    const topic = new Topic(this, 'Alarms', {
      topicName: `${props.prefix}-alarms`,
      enforceSSL: true,
    });
    const { alertEmail } = props.config;
    if (alertEmail !== undefined) topic.addSubscription(new EmailSubscription(alertEmail));

    const rows = { ...deadLetterAlarms(props), ...receiverAlarms(props), ...serviceAlarms(props) };
    for (const [name, row] of Object.entries(rows)) {
      new Alarm(this, name, {
        alarmName: `${props.prefix}-${name}`,
        alarmDescription: row.means,
        metric: row.metric,
        threshold: row.threshold,
        evaluationPeriods: row.periods ?? 1,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      }).addAlarmAction(new SnsAction(topic));
    }
    dashboard(this, props, rows);
  }
}

function deadLetterAlarms({ resources }: MonitoringProps): Record<string, AlarmRow> {
  const row = (means: string, queue = resources.streamFailures): AlarmRow => ({
    metric: queue.metricApproximateNumberOfMessagesVisible({ period: PERIOD, statistic: 'max' }),
    threshold: 1,
    means,
  });
  return {
    FulfillmentDeadLetters: row(
      'Provider events failed five times: buyers may have paid without getting credits. Repair, then redrive.',
      resources.fulfillment.deadLetters,
    ),
    NotificationDeadLetters: row(
      'E-mails failed for hours. Repair, then redrive: each is still sent at most once.',
      resources.notifications.deadLetters,
    ),
    JobDeadLetters: row(
      'Runs of jobs failed five times. The jobs are tried again by their schedule until they end as failed.',
      resources.jobs.deadLetters,
    ),
    TopUpDeadLetters: row(
      'Looks at automatic top-ups failed five times. What is in flight is asked about again by its schedule.',
      resources.topUps.deadLetters,
    ),
    StreamFailures: row(
      'Facts of the table could not be published: events and e-mails are missing.',
    ),
  };
}

function receiverAlarms({ functions }: MonitoringProps): Record<string, AlarmRow> {
  const receivers = functionNames().filter((name) => 'publicReceiver' in functionDefinitions[name]);
  return Object.fromEntries(
    receivers.flatMap((name): [string, AlarmRow][] => {
      const receiver = functions(name);
      const failures = new Metric({
        namespace: 'AWS/Lambda',
        metricName: 'Url5xxCount',
        dimensionsMap: { FunctionName: receiver.functionName },
        statistic: 'sum',
        period: PERIOD,
      });
      return [
        [
          `${name}-failures`,
          {
            metric: failures,
            threshold: 1,
            means: 'A provider was told to try again; after its last try the event is lost to us.',
          },
        ],
        [
          `${name}-throttles`,
          {
            metric: receiver.metricThrottles({ period: PERIOD }),
            threshold: 1,
            periods: 3,
            means: 'More arrives than the reserved concurrency takes: a flood, or a real peak.',
          },
        ],
      ];
    }),
  );
}

function serviceAlarms({ api, functions, stage }: MonitoringProps): Record<string, AlarmRow> {
  const own = (metricName: MetricName): Metric =>
    new Metric({
      namespace: metricsNamespace(stage),
      metricName,
      dimensionsMap: { service: SERVICE_NAME },
      statistic: 'sum',
      period: PERIOD,
    });
  return {
    ApiServerErrors: {
      metric: api.metricServerError({ period: PERIOD, statistic: 'sum' }),
      threshold: 5,
      means: 'Requests ended in 5xx: an invariant broke, or a dependency is down.',
    },
    RegistrationErrors: {
      metric: functions('registration').metricErrors({ period: PERIOD }),
      threshold: 1,
      means:
        'Somebody signed up and may have no account and no bonus: Cognito does not ask again. The log says who; POST /api/accounts opens it.',
    },
    ScheduleErrors: {
      metric: functions('schedules').metricErrors({ period: Duration.hours(1) }),
      // One run is tried three times: a task that cannot be done at all fails them all.
      threshold: 3,
      means:
        'What time does to the ledger, or its proof, fails again and again. The log says which task, and why.',
    },
    StreamLag: {
      metric: functions('stream').metric('IteratorAge', { period: PERIOD, statistic: 'max' }),
      threshold: Duration.minutes(15).toMilliseconds(),
      means: 'Events and e-mails are late; the table keeps a day of them.',
    },
    ConflictRetries: {
      metric: own('ConflictRetries'),
      threshold: 500,
      periods: 3,
      means: 'Many writers compete for the same wallets; callers will see CONTENTION.',
    },
    EmailsDelayed: {
      metric: own('EmailsDelayed'),
      threshold: 1,
      periods: 3,
      means:
        'E-mails wait: SES does not take them, or one of them cannot be made. They are tried for hours.',
    },
    EventsQuarantined: {
      metric: own('EventsQuarantined'),
      threshold: 1,
      means: 'A provider event contradicts our records and waits for a person.',
    },
    JobsFailed: {
      metric: own('JobsFailed'),
      threshold: 1,
      means: 'A job was given up; its record says why. The same request sent again lets it go on.',
    },
    PromoCodeMisses: {
      metric: own('PromoCodeMisses'),
      // Each user has ten tries and then one a minute: so many misses are many users, or one with many accounts.
      threshold: 200,
      means:
        'Many codes are tried that cannot be redeemed: somebody guesses, or a campaign is over.',
    },
    ReconciliationDrift: {
      metric: own('ReconciliationDrift'),
      threshold: 1,
      means:
        'A provider has payments, refunds or disputes that no event told us of, or that contradict our records.',
    },
    RollupDrift: {
      metric: own('RollupDrift'),
      threshold: 1,
      means:
        'An hour that was rolled up had changed six hours later, or a wallet’s entries had a gap in it. The log names it; verify the wallets of that hour.',
    },
    ReconciliationIncomplete: {
      metric: own('ReconciliationIncomplete').with({ period: Duration.hours(3) }),
      // One outage of a provider is made up for by the next run.
      threshold: 3,
      means:
        'Comparisons with the providers’ records fail or stop short: what their events missed stays missed. The reports and the log say why.',
    },
    VerificationFailures: {
      metric: own('VerificationFailures'),
      threshold: 1,
      means: 'A wallet does not replay to its entries: treat as an incident.',
    },
  };
}

function dashboard(scope: Construct, props: MonitoringProps, rows: Record<string, AlarmRow>): void {
  const lambdas = functionNames().map(props.functions);
  const graph = (title: string, left: IMetric[]) => new GraphWidget({ title, left, width: 12 });
  new Dashboard(scope, 'Dashboard', {
    dashboardName: props.prefix,
    widgets: [
      [
        graph('API', [
          props.api.metricCount({ period: PERIOD }),
          props.api.metricClientError({ period: PERIOD }),
          props.api.metricServerError({ period: PERIOD }),
        ]),
        graph('API latency', [
          props.api.metricLatency({ period: PERIOD, statistic: 'p50' }),
          props.api.metricLatency({ period: PERIOD, statistic: 'p99' }),
        ]),
      ],
      [
        graph(
          'Function errors',
          lambdas.map((lambda) => lambda.metricErrors({ period: PERIOD })),
        ),
        graph(
          'Function duration, p99',
          lambdas.map((lambda) => lambda.metricDuration({ period: PERIOD, statistic: 'p99' })),
        ),
      ],
      [
        graph(
          'What alarms',
          Object.values(rows).map((row) => row.metric),
        ),
      ],
    ],
  });
}
