import { breach, type InvariantNumber } from '#tests/faults/breach';
import type { RawEntry, RawPurchase, RawTable } from '#tests/faults/raw-items';

/** What must hold between wallets and everything beside them: purchases, codes, holds, applications, audit. */
export function breachesOfRecords(table: RawTable): readonly string[] {
  const entries = new Map(table.entries.map((entry) => [`${entry.pk} ${entry.sk}`, entry]));
  const entryOf: EntryOf = (userId, id) => entries.get(`USER#${userId} ENTRY#${id ?? ''}`);
  return [
    ...table.purchases.flatMap((purchase) => breachesOfPurchase(purchase, table, entryOf)),
    ...references(table),
    ...promos(table, entryOf),
    ...holds(table),
    ...refunds(table),
    ...applications(table, entryOf),
    ...audits(table),
  ];
}

type EntryOf = (userId: string, id: string | null | undefined) => RawEntry | undefined;

/** 7, 10, 11, 15, 16: credited once, with what was agreed, and taken back as the money was. */
function breachesOfPurchase(
  purchase: RawPurchase,
  { entries, money }: RawTable,
  entryOf: EntryOf,
): readonly string[] {
  const { id, user_id: userId, credits, credited } = purchase;
  const found: string[] = [];
  const must = (isTrue: boolean, number: InvariantNumber, what: string): void => {
    if (!isTrue) found.push(breach(number, `${what} (${id})`));
  };
  const made = entries.filter(({ cause }) => cause === `purchase:${id}`);
  must(made.length === (credited ? 1 : 0), 7, `${made.length} entries credit it`);
  must(!credited || credited.credits === credits, 15, 'credited otherwise than agreed');
  must(purchase.payments.length > 0 === Boolean(credited), 8, 'paid and credited go together');
  const credit = credited && entryOf(userId, credited.entry_id);
  if (credited) {
    must(
      credit?.type === 'purchase' && credit.amount === credits,
      15,
      'its entry is not its credits',
    );
    must(made[0]?.pk === `USER#${userId}`, 16, 'its entry is in another wallet');
  }
  const taken = sum(
    purchase.corrections.map(({ kind, credits: part }) => (kind === 'reversal' ? part : -part)),
  );
  must(0 <= taken && taken <= credits, 10, `${taken} of ${credits} were taken back`);
  for (const { kind, credits: part, entry_id } of purchase.corrections) {
    const entry = entryOf(userId, entry_id);
    must(entry?.type === kind, 10, `a ${kind} has no entry`);
    if (!entry) continue;
    const effect = Math.abs(entry.amount - entry.debt_change - entry.forgiven);
    must(effect === part, 10, `a ${kind} of ${part} moved ${effect}`);
  }
  const due = owedBack(purchase);
  const ofDispute = purchase.disputes.length > 0 ? 11 : 10;
  must(!credited || taken === due, ofDispute, `${taken} taken back, ${due} due`);
  const movements = money.filter(({ pk }) => pk === purchase.pk);
  const paid = sum(purchase.payments.map(({ amount_minor }) => amount_minor));
  const told = sum(movements.map(({ paid_minor }) => paid_minor));
  must(told === paid, 19, `its movements say ${told}, its payments ${paid}`);
  const granted = sum(movements.map((movement) => movement.credits));
  const standing = credited?.credits ?? 0;
  must(granted === standing, 19, `its movements say ${granted} credits, not ${standing}`);
  return found;
}

/** The refunded share in credits, rounded half up, in whole numbers only. */
function owedBack({ credits, disputes, payments, refund_totals, refunds }: RawPurchase): number {
  const [payment] = payments;
  if (!payment || payment.amount_minor === 0) return 0;
  const ofIt = <F extends { readonly payment_ref: string }>(facts: readonly F[]): readonly F[] =>
    facts.filter((fact) => fact.payment_ref === payment.ref);
  const standing = sum(
    ofIt(refunds)
      .filter(({ state }) => state !== 'failed')
      .map(({ amount_minor }) => amount_minor),
  );
  const failed = sum(
    ofIt(refunds)
      .filter(({ state }) => state === 'failed')
      .map(({ amount_minor }) => amount_minor),
  );
  const told = Math.max(0, ...ofIt(refund_totals).map(({ amount_minor }) => amount_minor));
  const disputed = sum(
    ofIt(disputes)
      .filter(({ state }) => state === 'open' || state === 'lost')
      .map(({ amount_minor }) => amount_minor),
  );
  const back = BigInt(Math.min(payment.amount_minor, Math.max(standing, told - failed) + disputed));
  const paid = BigInt(payment.amount_minor);
  return Number((2n * BigInt(credits) * back + paid) / (2n * paid));
}

/** 7: a provider's payment belongs to one purchase. */
function references({ purchases, references: known }: RawTable): readonly string[] {
  const owners = new Map<string, string>();
  return purchases.flatMap(({ id, payments }) =>
    payments.flatMap(({ ref }) => {
      const other = owners.get(ref);
      owners.set(ref, id);
      const isKnown = known.some(
        ({ pk, purchase_id }) => pk.endsWith(`#${ref}`) && purchase_id === id,
      );
      return [
        ...(other === undefined ? [] : [breach(7, `${ref} paid ${other} and ${id}`)]),
        ...(isKnown ? [] : [breach(7, `${ref} does not lead to ${id}`)]),
      ];
    }),
  );
}

/** 14: as many redemptions as the code counts, no more than it allows, one a user, each with its entry. */
function promos({ promos: codes, redemptions }: RawTable, entryOf: EntryOf): readonly string[] {
  return codes.flatMap(({ pk, max_uses, uses }) => {
    const own = redemptions.filter((redemption) => redemption.pk === pk);
    const users = new Set(own.map(({ user_id }) => user_id));
    const numbers = own.map(({ number }) => number).toSorted((a, b) => a - b);
    const unpaid = own.filter(
      ({ credits, entry_id, user_id }) => entryOf(user_id, entry_id)?.amount !== credits,
    );
    return [
      ...(uses === own.length ? [] : [breach(14, `${pk} counts ${uses} and has ${own.length}`)]),
      ...(uses <= (max_uses ?? Infinity) ? [] : [breach(14, `${pk} was used ${uses} times`)]),
      ...(users.size === own.length ? [] : [breach(14, `somebody redeemed ${pk} twice`)]),
      ...(numbers.every((number, at) => number === at + 1) ? [] : [breach(14, `${pk} has gaps`)]),
      ...unpaid.map(({ user_id }) => breach(14, `${user_id} did not get what ${pk} is worth`)),
    ];
  });
}

/** 12: a hold ends once, as its record says. */
function holds({ entries, heads, holds: records }: RawTable): readonly string[] {
  return records.flatMap(({ credit_type, end, id, pk }) => {
    const told = entries.filter((entry) => entry.pk === pk && entry.hold?.id === id);
    const ends = told.filter(({ hold }) => hold?.action !== 'placed');
    const head = heads.find((each) => each.pk === pk && each.sk === `WALLET#${credit_type}`);
    const isTold = ends.some(({ hold }) => hold?.action !== 'expired');
    const isOpen = head?.holds.some((hold) => hold.id === id) ?? false;
    const captured = sum(ends.filter(({ type }) => type === 'usage').map(({ amount }) => -amount));
    return [
      ...(ends.length <= 1 ? [] : [breach(12, `hold ${id} ended ${ends.length} times`)]),
      ...(isOpen === (ends.length === 0) ? [] : [breach(12, `hold ${id} is and is not over`)]),
      ...(end && captured !== end.captured ? [breach(12, `hold ${id} captured ${captured}`)] : []),
      ...(isTold && !end ? [breach(12, `hold ${id} ended and its record does not say so`)] : []),
      ...(end && isOpen ? [breach(12, `hold ${id} ended and is open`)] : []),
    ];
  });
}

/** 10 for spends: never more back than was spent, and as much as is written down. */
function refunds({ entries, refunded }: RawTable): readonly string[] {
  return refunded.flatMap(({ amount, pk, sk }) => {
    const id = sk.slice('REFUNDED#'.length);
    const spend = entries.find((entry) => entry.pk === pk && entry.sk === `ENTRY#${id}`);
    const back = entries.filter(
      (entry) => entry.pk === pk && entry.type === 'refund' && entry.reference?.id === id,
    );
    const given = sum(back.map((entry) => entry.amount));
    const isBounded = spend !== undefined && amount <= -spend.amount;
    return [
      ...(isBounded ? [] : [breach(10, `${amount} of ${id} were refunded`)]),
      ...(back.length === 0 || given === amount
        ? []
        : [breach(10, `${given} given back, ${amount} written`)]),
    ];
  });
}

/** 9, 16: an application is paid by a spend of its user, and what it got back is there. */
function applications({ applications: all }: RawTable, entryOf: EntryOf): readonly string[] {
  return all.flatMap(({ closed, credits, entry_id, pk, user_id }) => {
    const spend = entryOf(user_id, entry_id);
    const back = closed?.refund_entry_id ? entryOf(user_id, closed.refund_entry_id)?.amount : 0;
    return [
      ...(spend?.amount === -credits ? [] : [breach(9, `${user_id} did not pay for ${pk}`)]),
      ...(closed && back !== closed.refunded ? [breach(10, `${pk} gave ${user_id} ${back}`)] : []),
      ...(closed && closed.refunded > credits ? [breach(10, `${pk} gave back too much`)] : []),
    ];
  });
}

/** 21: what an admin did to a wallet is on record, in the transaction that did it. */
function audits({ audits: all, entries }: RawTable): readonly string[] {
  return entries
    .filter(({ actor, type }) => actor.startsWith('admin:') && MANUAL.has(type))
    .filter(({ actor, pk }) => {
      const userId = pk.slice('USER#'.length);
      return !all.some(
        (record) =>
          record.outcome === 'done' && record.actor === actor && record.user_id === userId,
      );
    })
    .map(({ sk }) => breach(21, `${sk} is not on record`));
}

const MANUAL = new Set(['adjustment', 'freeze', 'unfreeze']);

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
