import type { DumpedItem } from '#infra/local/dynamodb/dump';
import type { World } from '#tests/faults/world';

/** How far the stand-ins' records went when a case began: they keep those of the cases before. */
export interface Marks {
  readonly stripe: number;
  readonly razorpay: number;
  /** By id: the bus keeps only the newest. */
  readonly bus: ReadonlySet<string>;
}

export function marksOf(world: World): Marks {
  return {
    stripe: world.stripe.events().length,
    razorpay: world.razorpay.events().length,
    bus: new Set(world.services.events.list().map(({ event }) => event.id)),
  };
}

/**
 * Everything that is left, one line each, without what differs from run to run though the same happened: ids that
 * are drawn by chance, times, hashes over them. What callers are told to take once at least is told once.
 */
export async function endState(world: World, marks: Marks): Promise<readonly string[]> {
  const queues: string[] = [];
  for (const { name } of world.model.queues) {
    for (const body of await world.takeMessages(name)) queues.push(`${name} ${body}`);
  }
  const mails = world.services.mails
    .list()
    .map(({ to, subject }) => `mail ${to.join()} ${subject}`);
  const files = world.files().map(({ name, text }) => `file ${name} ${text}`);
  const provided = [
    ...world.stripe
      .events()
      .slice(marks.stripe)
      .map(({ type }) => `stripe ${String(type)}`),
    ...world.razorpay
      .events()
      .slice(marks.razorpay)
      .map(({ event }) => `razorpay ${event}`),
  ];
  const told = world.services.events
    .list()
    .filter(({ event }) => !marks.bus.has(event.id))
    .map(({ event }) => `bus ${event['detail-type']} ${JSON.stringify(event.detail)}`);
  const atLeastOnce = new Set([...queues, ...told].map(anonymous));
  const items = (await world.items()).filter(isOfInterest).map(contentOf);
  return [...[...items, ...files, ...mails, ...provided].map(anonymous), ...atLeastOnce].toSorted();
}

/**
 * A bucket counts requests, and a caller who asks again is counted again. Whether an event had to wait for its payment
 * depends on the order in which they came.
 */
function isOfInterest(item: DumpedItem): boolean {
  return !isBucket(item) && item['reason']?.S !== 'WAITS_FOR_PAYMENT';
}

/** What a limit counts by. */
export function isBucket({ pk }: DumpedItem): boolean {
  return pk?.S?.startsWith('RATE#') === true;
}

/**
 * What is written once more with the same content has one more version, and only where people see it does that matter.
 * Movements of money are numbered by the version of their purchase, and what a running hour and day have spent is told
 * for as long as they run.
 */
function contentOf(item: DumpedItem): string {
  const { pk, sk } = item;
  const isSeen = /^(CATALOG|SETTINGS)$/.test(pk?.S ?? '') || sk?.S?.startsWith('WALLET#') === true;
  const names = new Set(isSeen ? ['spent'] : ['version']);
  if (sk?.S?.startsWith('MONEY#') === true)
    for (const name of ['sk', 'gsi2sk', 'number']) names.add(name);
  // Stored by id, and ids are drawn by chance.
  const grants = item['grants']?.L?.toSorted((a, b) =>
    compareText(contentOfGrant(a), contentOfGrant(b)),
  );
  return JSON.stringify({
    ...Object.fromEntries(Object.entries(item).filter(([name]) => !names.has(name))),
    ...(grants && { grants: { L: grants } }),
  });
}

function contentOfGrant(grant: unknown): string {
  return anonymous(JSON.stringify(grant));
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function anonymous(text: string): string {
  return (
    text
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
      .replaceAll(/\b([a-z]{2,5})_(?:test_)?(?:[a-z]\d_)?[A-Za-z0-9]{12,}/g, '$1_ID')
      .replaceAll(/\d{4}-\d\d(-\d\d)?(?=[#"])/g, 'DAY')
      .replaceAll(/((?:DAY#DAY|DUE|PLANS)#)\d/g, '$1SHARD')
      .replaceAll(/("(?:\w*hash|message_id|fingerprint|recent)":\{"S":)"[^"]+"/g, '$1"OWN"')
      .replaceAll(/(\\?"request_id\\?":\\?")[^"\\]+/g, '$1REQUEST')
      // Whether somebody had to ask the provider depends on what its events had told.
      .replaceAll(/("checked_at":)\{[^}]*\}/g, '$1"EVER"')
      .replaceAll(/("upload_id":\{"S":)"[^"]+"/g, '$1"UPLOAD"')
      .replaceAll(/("request_id":\{"S":)"[^"]+"/g, '$1"REQUEST"')
      .replaceAll(/("(?:ttl)":\{"N":)"\d+"/g, '$1"LATER"')
  );
}
