/** The context of the handler that is running, reachable without passing it along. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { HandlerContext } from "../domain/handler-context.ts";

const storage = new AsyncLocalStorage<HandlerContext>();

/** The running handler's context; undefined outside of one. Follows awaits and timers started by the handler. */
export function currentContext(): HandlerContext | undefined {
  return storage.getStore();
}

export function runInContext<T>(context: HandlerContext, run: () => T): T {
  return storage.run(context, run);
}
