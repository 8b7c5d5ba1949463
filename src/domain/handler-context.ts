import type { Message } from "../message/message.ts";
import type { EventInstance } from "./elements.ts";

/** A logger as handlers see it: the pino methods, bound to the message's ids. */
export interface HandlerLog {
  debug(message: string): void;
  debug(fields: object, message?: string): void;
  info(message: string): void;
  info(fields: object, message?: string): void;
  warn(message: string): void;
  warn(fields: object, message?: string): void;
  error(message: string): void;
  error(fields: object, message?: string): void;
}

/** What a handler gets beside its event. */
export interface HandlerContext {
  readonly message: Message;
  /** From 1. Above 1, the message may have been run before: counted failures, and consumers lost while they held it. */
  readonly attempt: number;
  /** Aborts when the handler's time is up, when a shutdown runs out of patience, or when the lease is lost. */
  readonly signal: AbortSignal;
  /** Every line carries the message's ids. */
  readonly log: HandlerLog;
  /** The subscription's name. */
  readonly subscription: string;
  /**
   * Publishes an event once this handler has succeeded, before its message is acked; with this message as cause, and an id
   * derived from it, so that a repeated run publishes the same event again and not another. In order.
   */
  publish(event: EventInstance, options?: ContextPublishOptions): void;
}

export interface ContextPublishOptions {
  readonly stream?: string;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
}
