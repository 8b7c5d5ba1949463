/** What a handler is given. Costly parts (signal, logger) are made when they are first asked for. */
import type { Logger } from "pino";
import type { ContextPublishOptions, HandlerContext, HandlerLog } from "../domain/handler-context.ts";
import { classOf, type EventInstance } from "../domain/elements.ts";
import type { Message } from "../message/message.ts";
import type { NewEntry } from "../ports/broker.ts";
import { traceIdsOf } from "../telemetry/tracing.ts";

/** Makes the entry of the `index`-th event raised for a message. Throws where the event cannot be published. */
export type PrepareRaised = (
  event: EventInstance,
  options: ContextPublishOptions,
  cause: { readonly message: Message; readonly index: number },
) => NewEntry;

/** What all contexts of a subscription share. */
export interface ContextScope {
  readonly subscription: string;
  readonly log: Logger;
  readonly prepare: PrepareRaised;
}

const NOTHING_RAISED: readonly NewEntry[] = [];

export class DeliveryContext implements HandlerContext {
  readonly message: Message;
  readonly attempt: number;
  readonly #scope: ContextScope;
  #log: HandlerLog | null = null;
  #controller: AbortController | null = null;
  #abortReason: Error | null = null;
  #raised: NewEntry[] | null = null;
  #hasEnded = false;

  constructor(message: Message, attempt: number, scope: ContextScope) {
    this.message = message;
    this.attempt = attempt;
    this.#scope = scope;
  }

  get subscription(): string {
    return this.#scope.subscription;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#abortReason) this.#controller.abort(this.#abortReason);
    return this.#controller.signal;
  }

  get log(): HandlerLog {
    if (this.#log !== null) return this.#log;
    const trace = traceIdsOf(this.message.traceparent);
    this.#log = this.#scope.log.child({
      messageId: this.message.id,
      messageType: this.message.type,
      entryId: this.message.entryId,
      key: this.message.key,
      correlationId: this.message.correlationId,
      traceId: trace?.traceId,
      spanId: trace?.spanId,
      attempt: this.attempt,
    });
    return this.#log;
  }

  publish(event: EventInstance, options: ContextPublishOptions = {}): void {
    if (this.#hasEnded) {
      // Not thrown: nobody awaits this caller, and an uncaught error would end the process.
      this.log.error(
        { raisedType: classOf(event)?.eventType },
        "publish() after the handler had ended: the event is not published",
      );
      return;
    }
    this.#raised ??= [];
    const cause = { message: this.message, index: this.#raised.length };
    this.#raised.push(this.#scope.prepare(event, options, cause));
  }

  /** What to append, in order. */
  get raised(): readonly NewEntry[] {
    return this.#raised ?? NOTHING_RAISED;
  }

  /** The run is over: what is published from now on would be too late. */
  end(): void {
    this.#hasEnded = true;
  }

  abort(reason: Error): void {
    this.#abortReason ??= reason;
    this.#controller?.abort(reason);
  }

  /** The handler has looked at its signal: what it returns after an abort may be an early exit. */
  get hasReadSignal(): boolean {
    return this.#controller !== null;
  }
}
