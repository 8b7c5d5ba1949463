/** Message type → handler method; and running it within its time. */
import { HandlerTimeoutError } from "../errors.ts";
import { reviveEvent } from "../domain/elements.ts";
import type { HandlerFunction, Route, SubscriptionModel } from "../domain/model.ts";
import type { Message } from "../message/message.ts";
import { DeadlineQueue, type Deadline } from "../primitives/deadline-queue.ts";
import { runInContext } from "./current-context.ts";
import type { Result } from "./decide.ts";
import { DeliveryContext, type ContextScope } from "./delivery-context.ts";
import type { Held, RunningHandler } from "./held.ts";

/** After its signal aborted, a handler has this long to end before its place is given to another message. */
const ABORT_GRACE_MS = 1000;

/** The method for a message, with the event it takes. */
export interface Handler {
  readonly route: Route;
  readonly invoke: HandlerFunction;
  readonly event: unknown;
}

/** Why a run's result does not count. */
export class InterruptedError extends Error {
  readonly kind: "interrupted" | "lost";

  constructor(kind: "interrupted" | "lost") {
    super(kind === "lost" ? "another consumer holds the message now" : "the engine is stopping");
    this.name = "InterruptedError";
    this.kind = kind;
  }
}

export interface Dispatcher {
  /** Null when the class has no method for the type. Throws `InvalidMessageError` when the payload does not fit. */
  dispatch(message: Message): Handler | null;
  /** Runs the handler. Never rejects. */
  handle(handler: Handler | null, message: Message, held: Held): Promise<Result> | Result;
  close(): void;
  /** Runs given up while their handler went on. */
  readonly abandoned: number;
}

export interface DispatcherOptions {
  readonly model: SubscriptionModel;
  readonly methods: ReadonlyMap<string, HandlerFunction>;
  /** 0: none. */
  readonly timeoutMs: number;
  readonly scope: ContextScope;
}

/** The two clocks that may end a run, shared by all of a subscription. */
interface RunLimits {
  /** Null: no timeout. */
  readonly deadlines: DeadlineQueue<HandlerRun> | null;
  readonly graces: DeadlineQueue<HandlerRun>;
}

/** An asynchronous handler on its way: it ends by itself, or is aborted, and given up when its grace has passed too. */
class HandlerRun implements RunningHandler {
  readonly context: DeliveryContext;
  abortedBy: Error | null = null;
  readonly #held: Held;
  readonly #limits: RunLimits;
  #isOver = false;
  #deadline: Deadline<HandlerRun> | null = null;
  #grace: Deadline<HandlerRun> | null = null;
  #resolve: ((result: Result) => void) | null = null;

  constructor(context: DeliveryContext, held: Held, limits: RunLimits) {
    this.context = context;
    this.#held = held;
    this.#limits = limits;
  }

  /** Resolves to how the run ends. Never rejects. */
  follow(running: PromiseLike<unknown>): Promise<Result> {
    this.#held.running = this;
    this.#deadline = this.#limits.deadlines?.add(this) ?? null;
    return new Promise((resolve) => {
      this.#resolve = resolve;
      // A thenable of the application's own may throw, or call back twice: a promise does neither.
      Promise.resolve(running).then(
        // A handler that watches its signal may have returned early because of it; one that never looked has finished.
        () =>
          this.end(
            this.abortedBy && this.context.hasReadSignal ? resultAfter(this.abortedBy) : succeeded(this.context),
          ),
        (error: unknown) => this.end(this.abortedBy ? resultAfter(this.abortedBy) : { kind: "failed", error }),
      );
    });
  }

  interrupt(reason: Error): void {
    if (this.#isOver || this.abortedBy) return;
    this.abortedBy = reason;
    if (this.#deadline) this.#limits.deadlines?.delete(this.#deadline);
    this.#grace = this.#limits.graces.add(this);
    this.context.abort(reason);
  }

  /** Ends the run; calls after the first do nothing. */
  end(result: Result): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#deadline) this.#limits.deadlines?.delete(this.#deadline);
    if (this.#grace) this.#limits.graces.delete(this.#grace);
    this.#held.running = null;
    this.#resolve?.(result);
  }
}

const UNHANDLED: Result = { kind: "unhandled" };

export function createDispatcher({ model, methods, timeoutMs, scope }: DispatcherOptions): Dispatcher {
  let abandoned = 0;
  const deadlines = new DeadlineQueue<HandlerRun>(timeoutMs, (run) =>
    run.interrupt(new HandlerTimeoutError(timeoutMs)),
  );
  const limits: RunLimits = {
    deadlines: timeoutMs > 0 ? deadlines : null,
    graces: new DeadlineQueue<HandlerRun>(ABORT_GRACE_MS, onGivenUp),
  };

  function onGivenUp(run: HandlerRun): void {
    abandoned += 1;
    run.context.log.error(
      { reason: run.abortedBy?.message },
      "handler went on after its signal aborted: its place is given up",
    );
    run.end(resultAfter(run.abortedBy ?? new InterruptedError("interrupted")));
  }

  return {
    dispatch(message) {
      const route = model.routes.get(message.type);
      const invoke = route && methods.get(route.method);
      if (!route || !invoke) return null;
      const event = route.eventClass ? reviveEvent(route.eventClass, message.data) : message.data;
      return { route, invoke, event };
    },
    handle(handler, message, held) {
      if (!handler) return UNHANDLED;
      const { failures, crashes } = held.delivery.history;
      const context = new DeliveryContext(message, failures + crashes + 1, scope);
      try {
        const returned = runInContext(context, () => handler.invoke(handler.event as never, context));
        return isThenable(returned) ? new HandlerRun(context, held, limits).follow(returned) : succeeded(context);
      } catch (error) {
        return { kind: "failed", error };
      }
    },
    close() {
      deadlines.close();
      limits.graces.close();
    },
    get abandoned() {
      return abandoned;
    },
  };
}

function succeeded(context: DeliveryContext): Result {
  context.end();
  return { kind: "succeeded", raised: context.raised };
}

function resultAfter(reason: Error): Result {
  return reason instanceof InterruptedError ? { kind: reason.kind } : { kind: "failed", error: reason };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  const canBe = (typeof value === "object" && value !== null) || typeof value === "function";
  return canBe && typeof (value as PromiseLike<unknown>).then === "function";
}
