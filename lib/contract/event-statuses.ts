/**
 * Where a kept provider event stands. `open`: a person has to decide. `waiting`: money on its way back of a payment that
 * nobody has told us of; it is taken into account with that payment. `resolved`: its payment came, or somebody applied
 * it again, and it stays for the record.
 */
export const EVENT_STATUSES = ['open', 'waiting', 'resolved'] as const;
export type EventStatus = (typeof EVENT_STATUSES)[number];
