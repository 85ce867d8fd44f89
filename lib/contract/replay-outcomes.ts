/** What applying a quarantined event again can come to. */
export const REPLAY_OUTCOMES = [
  'credited',
  'reversed',
  'reinstated',
  /** A fact that moves no credits, or that the wallet cannot follow yet. */
  'recorded',
  'unchanged',
  /** For its payment, which brings it along. */
  'waiting',
  /** For a session or order that is not known yet. */
  'early',
  'foreign',
  'ignored',
  'quarantined',
] as const;
