/** Declarations → model, with every contradiction named at once. */
import { EngineError } from "../errors.ts";
import { isValidName } from "../message/names.ts";
import type { RouteDeclaration } from "./decorators.ts";
import type { Aggregate, EventClass } from "./elements.ts";
import type { EventHandlerOptions, SubscriberOptions } from "./handler-options.ts";
import type { DomainModel, EventHome, HandlerFunction, Route, SubscriptionModel } from "./model.ts";

export interface HandlerDeclaration {
  readonly kind: SubscriptionModel["kind"];
  readonly handlerName: string;
  readonly stream: string;
  readonly options: EventHandlerOptions | SubscriberOptions;
  readonly routes: readonly RouteDeclaration[];
  /** Its constructor takes arguments and no `create` was given. */
  readonly needsCreate?: boolean;
  readonly createMethods: () => ReadonlyMap<string, HandlerFunction>;
}

const ENTRY_ID = /^\d+(?:-\d+)?$/;

export function buildModel(
  name: string,
  aggregates: readonly Aggregate[],
  handlers: readonly HandlerDeclaration[],
): DomainModel {
  const faults: string[] = [];
  if (!isValidName(name)) faults.push(`domain name ${JSON.stringify(name)} has characters that are not allowed`);
  const events = new Map<string, EventClass>();
  const homes = new Map<string, EventHome>();

  for (const aggregate of aggregates) addAggregate(aggregate, events, homes, faults);
  const subscriptions = handlers.map((handler) => toSubscription(name, handler, events, faults));
  for (const duplicate of duplicatesOf(subscriptions.map((subscription) => subscription.name))) {
    faults.push(`two handlers are called ${duplicate}: they would share a consumer group and take each other's messages`);
  }

  if (faults.length > 0) {
    throw new EngineError("ENGINE_DOMAIN_INVALID", `the domain has ${count(faults.length)}:\n${faults.map((fault) => `  - ${fault}`).join("\n")}`);
  }
  return Object.freeze({ name, aggregates, subscriptions, homes, events });
}

function count(faults: number): string {
  return faults === 1 ? "a fault" : `${faults} faults`;
}

function addAggregate(
  aggregate: Aggregate,
  events: Map<string, EventClass>,
  homes: Map<string, EventHome>,
  faults: string[],
): void {
  if (!isValidName(aggregate.category)) {
    faults.push(`aggregate ${aggregate.name}: category ${JSON.stringify(aggregate.category)} has characters that are not allowed`);
  }
  for (const eventClass of aggregate.events) {
    addEvent(eventClass, events, faults);
    const home = homes.get(eventClass.eventType);
    if (home && home.stream !== aggregate.category) {
      faults.push(`event ${eventClass.eventType} belongs to two aggregates: streams ${home.stream} and ${aggregate.category}`);
    }
    homes.set(eventClass.eventType, {
      stream: aggregate.category,
      key: eventClass.eventOptions.key ?? aggregate.key,
    });
  }
}

function addEvent(eventClass: EventClass, events: Map<string, EventClass>, faults: string[]): void {
  const { eventType } = eventClass;
  const known = events.get(eventType);
  if (known && known.schema !== eventClass.schema) faults.push(`two event classes are called ${eventType}`);
  events.set(eventType, eventClass);
  if (eventClass.schema["~standard"].validate(undefined) instanceof Promise) {
    faults.push(`the schema of ${eventType} validates asynchronously: use a synchronous one`);
  }
}

function toSubscription(
  domain: string,
  handler: HandlerDeclaration,
  events: Map<string, EventClass>,
  faults: string[],
): SubscriptionModel {
  const { options, handlerName, stream } = handler;
  const name = `${domain}.${options.name ?? handlerName}`;
  const startFrom = options.startFrom ?? "earliest";
  if (!isValidName(name)) faults.push(`handler ${handlerName}: name ${JSON.stringify(name)} has characters that are not allowed`);
  if (!isValidName(stream)) faults.push(`handler ${handlerName}: stream ${JSON.stringify(stream)} has characters that are not allowed`);
  if (handler.routes.length === 0) faults.push(`handler ${handlerName} handles nothing: no method has @handle`);
  if (handler.needsCreate) faults.push(`handler ${handlerName}: its constructor takes arguments; give \`create: () => new ${handlerName}(…)\``);
  if (startFrom !== "earliest" && startFrom !== "latest" && !ENTRY_ID.test(startFrom)) {
    faults.push(`handler ${handlerName}: startFrom ${JSON.stringify(startFrom)} is not "earliest", "latest" or an entry id`);
  }
  const routes = new Map<string, Route>();
  for (const route of handler.routes) {
    if (routes.has(route.type)) faults.push(`handler ${handlerName} handles ${route.type} twice: ${routes.get(route.type)?.method} and ${route.method}`);
    routes.set(route.type, route);
    if (route.eventClass) addEvent(route.eventClass, events, faults);
  }
  return {
    name,
    handlerName,
    kind: handler.kind,
    stream,
    routes,
    startFrom,
    profile: options.subscriptionProfile,
    overrides: options.subscriptionConfig ?? {},
    retryOn: options.retryOn ?? [],
    deadLetterOn: options.deadLetterOn ?? [],
    decode: "decode" in options ? options.decode : undefined,
    createMethods: handler.createMethods,
  };
}

function duplicatesOf(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
