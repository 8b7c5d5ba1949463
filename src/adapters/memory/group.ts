/** A consumer group: how far it has read, who holds what, and what happened to each delivery before. */
import type { DeliveryHistory, FailureRecord } from "../../ports/broker.ts";
import type { EntryPosition, StoredEntry } from "./entry-log.ts";

export interface PendingEntry {
  readonly entry: StoredEntry;
  consumer: string;
  /** Monotonic, in ms; `RELEASED_AT_MS` once released, so that any lease on it has run out. */
  leasedAtMs: number;
  /** 0: handed over by its last holder. */
  deliveryCount: number;
}

export const RELEASED_AT_MS = -Infinity;

/** What outlives a holder. */
export interface HistoryRecord {
  readonly failures: number;
  readonly crashes: number;
  /** It was about to run alone. */
  readonly isInHand: boolean;
  readonly firstFailedAt?: string | undefined;
  /** Monotonic, in ms. */
  readonly notBeforeMs: number;
}

export interface Group {
  lastDelivered: EntryPosition;
  /** By entry id. Oldest first, because entries enter it in order and stay where they are when claimed. */
  readonly pending: Map<string, PendingEntry>;
  /** When each consumer last asked for anything: monotonic, in ms. */
  readonly consumers: Map<string, number>;
  /** By entry id; only of pending entries. */
  readonly histories: Map<string, HistoryRecord>;
}

export function createGroup(lastDelivered: EntryPosition): Group {
  return { lastDelivered, pending: new Map(), consumers: new Map(), histories: new Map() };
}

/** Takes an entry off the pending entries list, and its history with it. */
export function settle(group: Group, entryId: string): void {
  group.pending.delete(entryId);
  group.histories.delete(entryId);
}

/** How many pending entries each consumer holds; consumers without any are not in it. */
export function countHeld(group: Group): Map<string, number> {
  const held = new Map<string, number>();
  for (const { consumer } of group.pending.values()) held.set(consumer, (held.get(consumer) ?? 0) + 1);
  return held;
}

const UNTOUCHED: HistoryRecord = { failures: 0, crashes: 0, isInHand: false, notBeforeMs: 0 };

export const FIRST_DELIVERY: DeliveryHistory = { failures: 0, crashes: 0, isCrashProven: false, delayMs: 0 };

/** The record after a counted failure. */
export function failed(record: FailureRecord, nowMs: number): HistoryRecord {
  const { failures, crashes, firstFailedAt, delayMs } = record;
  return { failures, crashes, firstFailedAt, isInHand: false, notBeforeMs: nowMs + delayMs };
}

/** The record of a delivery that is about to run alone. */
export function inHand(record: HistoryRecord | undefined, crashes: number): HistoryRecord {
  return { ...(record ?? UNTOUCHED), crashes, isInHand: true };
}

/** What a holder learns that never lost it: the record as it stands. */
export function historyOf(record: HistoryRecord | undefined, nowMs: number): DeliveryHistory {
  if (record === undefined) return FIRST_DELIVERY;
  const { failures, crashes, firstFailedAt, notBeforeMs } = record;
  return { failures, crashes, isCrashProven: false, firstFailedAt, delayMs: Math.max(0, notBeforeMs - nowMs) };
}

/** What a claiming consumer learns: the loss of the last holder counts, unless that one had handed the entry over. */
export function historyOfClaimed(
  record: HistoryRecord | undefined,
  isReleased: boolean,
  nowMs: number,
): DeliveryHistory {
  const history = historyOf(record, nowMs);
  if (isReleased) return history;
  if (record?.isInHand) return { ...history, crashes: record.crashes + 1, isCrashProven: true };
  return { ...history, crashes: Math.max(history.crashes, 1) };
}
