/**
 * One delivery on one screen: decode → dispatch → handle → decide → settle.
 *
 * A throw in decode, dispatch or handle is caught here and becomes a result: no message can end the loop. What rejects beyond
 * that is a fault of our own: the delivery stays held, and its turn comes again.
 */
import type { Message } from "../message/message.ts";
import { decide, type Outcome, type Result } from "./decide.ts";
import type { Handler } from "./dispatch.ts";
import type { Held } from "./held.ts";
import type { RetryPolicy } from "./retry-policy.ts";
import type { Disposition } from "./settle.ts";

/** The steps, each tested on its own. */
export interface ProcessSteps {
  decode(held: Held): Message;
  dispatch(message: Message): Handler | null;
  handle(handler: Handler | null, message: Message, held: Held): Promise<Result> | Result;
  /** Told of every result before it is decided: the circuit breaker and the counts. */
  observe(result: Result): void;
  settle(held: Held, outcome: Outcome, method: string | undefined): Promise<Disposition> | Disposition;
  readonly policy: RetryPolicy;
}

const DROP: Outcome = { kind: "drop" };

export async function process(held: Held, isProbe: boolean, steps: ProcessSteps): Promise<Disposition> {
  // Taken over while it waited its turn: running it here as well would only double it.
  if (held.isLost) return steps.settle(held, DROP, undefined);
  let handler: Handler | null = null;
  let result: Result;
  try {
    const message = steps.decode(held);
    handler = steps.dispatch(message);
    result = await steps.handle(handler, message, held);
  } catch (error) {
    result = { kind: "failed", error };
  }
  if (held.isLost) result = { kind: "lost" };
  steps.observe(result);
  const outcome = decide(result, { history: held.delivery.history, isProbe }, steps.policy);
  return steps.settle(held, outcome, handler?.route.method);
}
