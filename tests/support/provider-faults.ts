import type { Fault } from '#infra/local/providers/faults';

/** Every way in which a provider can fail to answer a question. */
export const FAULTY_READS: readonly Pick<Fault, 'kind' | 'when'>[] = (
  ['timeout', 'reset', 'hang', '429', '500', '502_html', 'no_error_key'] as const
).map((kind) => ({ kind, when: 'before' }));

/** A write may have been done before its answer was lost, as one that took too long always is in the end. */
export const FAULTY_WRITES: readonly Pick<Fault, 'kind' | 'when'>[] = [
  { kind: 'timeout', when: 'after' },
  { kind: 'reset', when: 'before' },
  { kind: 'reset', when: 'after' },
  { kind: 'hang', when: 'after' },
  { kind: '429', when: 'before' },
  { kind: '500', when: 'before' },
  { kind: '500', when: 'after' },
  { kind: '502_html', when: 'after' },
  { kind: 'no_error_key', when: 'after' },
];
