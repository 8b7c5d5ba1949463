/**
 * TC39 standard decorators. `handle` notes which method takes which event; the class decorators of `Domain` collect it.
 * Handler methods are checked by the compiler: the first parameter must accept the event.
 */
import type { EventClass } from "./elements.ts";
import { isEventClass } from "./elements.ts";
import type { HandlerContext } from "./handler-context.ts";

// Runtimes without decorator metadata: compilers look the symbol up when a decorated class is defined.
(Symbol as { metadata?: symbol }).metadata ??= Symbol.for("Symbol.metadata");

const ROUTES: unique symbol = Symbol("domain-engine.routes");

/** Which method takes messages of which type. */
export interface RouteDeclaration {
  readonly type: string;
  /** Null for a type given as text: the method gets the payload as parsed. */
  readonly eventClass: EventClass | null;
  readonly method: string;
}

type HandlerMethod<This, Payload> = (this: This, event: Payload, context: HandlerContext) => unknown;
type MethodDecorator<Payload> = <This>(
  method: HandlerMethod<This, Payload>,
  context: ClassMethodDecoratorContext<This, HandlerMethod<This, Payload>>,
) => void;

/** `@handle(OrderPlaced)`: this method handles that event. A method may handle several: decorate it repeatedly. */
export function handle<Class extends EventClass>(eventClass: Class): MethodDecorator<InstanceType<Class>>;
/** `@handle("legacy.order")`: messages of a foreign type; the method gets the payload as parsed, not validated. */
export function handle(type: string): MethodDecorator<unknown>;
export function handle(target: EventClass | string): MethodDecorator<never> {
  return (_method, context) => {
    if (context.static || context.private) {
      throw new TypeError(`@handle on ${String(context.name)}: use it on a public method of an instance`);
    }
    const metadata = context.metadata as Record<symbol, RouteDeclaration[]>;
    if (!Object.hasOwn(metadata, ROUTES)) metadata[ROUTES] = [...(metadata[ROUTES] ?? [])];
    metadata[ROUTES]?.push({
      type: isEventClass(target) ? target.eventType : target,
      eventClass: isEventClass(target) ? target : null,
      method: String(context.name),
    });
  };
}

/** The routes noted in a class's metadata. */
export function routesOf(metadata: DecoratorMetadataObject | undefined): readonly RouteDeclaration[] {
  return (metadata as Record<symbol, RouteDeclaration[]> | undefined)?.[ROUTES] ?? [];
}
