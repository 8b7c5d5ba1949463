/** The domain as the engine reads it: checked, frozen. */
import type { SubscriptionOverrides } from "../config/settings.ts";
import type { Aggregate, EventClass } from "./elements.ts";
import type { ErrorClass, ForeignEntry, ForeignMessage, StartFrom } from "./handler-options.ts";
import type { HandlerContext } from "./handler-context.ts";

export type HandlerFunction = (event: never, context: HandlerContext) => unknown;

export interface Route {
  readonly type: string;
  /** Null: the payload is handed on as parsed. */
  readonly eventClass: EventClass | null;
  /** The method's name, for records and logs. */
  readonly method: string;
}

/** One handler class (or `defineHandler` object) on one stream: a consumer group. */
export interface SubscriptionModel {
  /** `{domain}.{handlerName}` or `{domain}.{name}`: the consumer group. */
  readonly name: string;
  readonly handlerName: string;
  readonly kind: "eventHandler" | "subscriber";
  readonly stream: string;
  readonly routes: ReadonlyMap<string, Route>;
  readonly startFrom: StartFrom;
  readonly profile: string | undefined;
  readonly overrides: SubscriptionOverrides;
  readonly retryOn: readonly ErrorClass[];
  readonly deadLetterOn: readonly ErrorClass[];
  readonly decode: ((entry: ForeignEntry) => ForeignMessage) | undefined;
  /** Makes the handler and gives its methods, bound. Called once per engine. */
  readonly createMethods: () => ReadonlyMap<string, HandlerFunction>;
}

/** Where an event class is published by default. */
export interface EventHome {
  readonly stream: string;
  readonly key: string | undefined;
}

export interface DomainModel {
  readonly name: string;
  readonly aggregates: readonly Aggregate[];
  readonly subscriptions: readonly SubscriptionModel[];
  /** By CloudEvents type. */
  readonly homes: ReadonlyMap<string, EventHome>;
  /** Known event classes by type: those of aggregates and those handled. */
  readonly events: ReadonlyMap<string, EventClass>;
}
