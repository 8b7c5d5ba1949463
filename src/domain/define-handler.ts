/** The same as the decorators, for code that cannot lower them. */
import type { EventClass } from "./elements.ts";
import type { EventHandlerOptions } from "./handler-options.ts";
import type { HandlerContext } from "./handler-context.ts";

/** One event and the function that handles it; made by {@link on}. */
export interface DefinedRoute {
  readonly eventClass: EventClass;
  readonly handle: (event: never, context: HandlerContext) => unknown;
}

/** Binds an event to a function; the compiler checks that they fit. */
export function on<Class extends EventClass>(
  eventClass: Class,
  handle: (event: InstanceType<Class>, context: HandlerContext) => unknown,
): DefinedRoute {
  return { eventClass, handle };
}

/** A handler without a class: register it with `domain.register(handler)`. */
export interface DefinedHandler {
  readonly kind: "handler";
  readonly options: EventHandlerOptions & { readonly name: string };
  readonly routes: readonly DefinedRoute[];
}

/** `defineHandler({ name: "Audit", partOf: Order }, on(OrderPlaced, async (event, context) => { … }))` */
export function defineHandler(
  options: EventHandlerOptions & { readonly name: string },
  ...routes: readonly DefinedRoute[]
): DefinedHandler {
  return { kind: "handler", options, routes };
}
