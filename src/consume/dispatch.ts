/** Message type → handler method; and running it within its time. */
import { HandlerTimeoutError } from "../errors.ts";
import { reviveEvent } from "../domain/elements.ts";
import type { HandlerFunction, Route, SubscriptionModel } from "../domain/model.ts";
import type { Message } from "../message/message.ts";
import { DeadlineQueue } from "../primitives/deadline-queue.ts";
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

interface Run extends RunningHandler {
  readonly context: DeliveryContext;
  /** Ends the run; calls after the first do nothing. */
  end(result: Result): void;
}

const UNHANDLED: Result = { kind: "unhandled" };

export function createDispatcher({ model, methods, timeoutMs, scope }: DispatcherOptions): Dispatcher {
  let abandoned = 0;
  const deadlines = new DeadlineQueue<Run>(timeoutMs, (run) => run.interrupt(new HandlerTimeoutError(timeoutMs)));
  const graces = new DeadlineQueue<() => void>(ABORT_GRACE_MS, (giveUp) => giveUp());

  function startRun(context: DeliveryContext, running: PromiseLike<unknown>, held: Held): Promise<Result> {
    return new Promise((resolve) => {
      let abortedBy: Error | null = null;
      let isOver = false;
      const giveUp = (): void => {
        abandoned += 1;
        context.log.error({ reason: abortedBy?.message }, "handler went on after its signal aborted: its place is given up");
        run.end(resultAfter(abortedBy ?? new InterruptedError("interrupted")));
      };
      const run: Run = {
        context,
        interrupt(reason) {
          if (isOver || abortedBy) return;
          abortedBy = reason;
          deadlines.delete(run);
          graces.add(giveUp);
          context.abort(reason);
        },
        end(result) {
          if (isOver) return;
          isOver = true;
          deadlines.delete(run);
          if (abortedBy) graces.delete(giveUp);
          held.running = null;
          resolve(result);
        },
      };
      held.running = run;
      if (timeoutMs > 0) deadlines.add(run);
      running.then(
        // A handler that watches its signal may have returned early because of it; one that never looked has finished.
        () => run.end(abortedBy && context.hasReadSignal ? resultAfter(abortedBy) : succeeded(context)),
        (error: unknown) => run.end(abortedBy ? resultAfter(abortedBy) : { kind: "failed", error }),
      );
    });
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
        return isThenable(returned) ? startRun(context, returned, held) : succeeded(context);
      } catch (error) {
        return { kind: "failed", error };
      }
    },
    close() {
      deadlines.close();
      graces.close();
    },
    get abandoned() {
      return abandoned;
    },
  };
}

function succeeded(context: DeliveryContext): Result {
  return { kind: "succeeded", raised: context.raised };
}

function resultAfter(reason: Error): Result {
  return reason instanceof InterruptedError ? { kind: reason.kind } : { kind: "failed", error: reason };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as PromiseLike<unknown>).then === "function";
}
