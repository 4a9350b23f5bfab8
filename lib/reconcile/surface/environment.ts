import type { ApiResource } from '../../kubernetes/client.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../../manifests/json.ts';
import type { KubernetesObject } from '../../manifests/object.ts';
import { shortHash } from './object-facts.ts';

/** What has a hand in objects without owning fields of them: the server itself, definitions, webhooks and admission policies. */
export interface Environment {
  readonly serverVersion: string;
  /** By the definition's name, `PLURAL.GROUP`: its uid and generation. */
  readonly definitions: ReadonlyMap<string, string>;
  readonly admission: readonly Admission[];
  /** What could not be read, in words that stay the same. What cannot be read cannot be seen to change. */
  readonly unread: readonly string[];
}

/** A webhook or a policy with its bindings. */
export interface Admission {
  /** Everything that says what it does to whom. */
  readonly content: string;
  readonly rules: readonly AdmissionRule[];
}

interface AdmissionRule {
  readonly groups: readonly string[];
  readonly resources: readonly string[];
}

/** What has a hand in objects of a kind, as one hash: another one means that equal metadata may hide another outcome. */
export function epochOf({ serverVersion, definitions, admission, unread }: Environment, { group, plural }: ApiResource): string {
  const touching = admission.filter(({ rules }) => rules.some((rule) => touches(rule, group, plural))).map(({ content }) => content);
  return shortHash([serverVersion, definitions.get(`${plural}.${group}`) ?? '', touching.toSorted(), unread]);
}

/** The same, worked out once for each kind. */
export function epochsOf(environment: Environment): (resource: ApiResource) => string {
  const epochs = new Map<string, string>();
  return (resource) => {
    const name = `${resource.plural}.${resource.group}`;
    const epoch = epochs.get(name) ?? epochOf(environment, resource);
    epochs.set(name, epoch);
    return epoch;
  };
}

/** Versions are left out: a rule for one of them is asked about the others too, unless it says otherwise. */
function touches({ groups, resources }: AdmissionRule, group: string, plural: string): boolean {
  return (
    groups.some((each) => each === '*' || each === group) && resources.some((each) => each === '*' || each === '*/*' || each === plural)
  );
}

/** Each webhook of a configuration. Its caBundle is left out, since certificates are renewed and do nothing. */
export function webhooksOf(configuration: KubernetesObject): readonly Admission[] {
  return objectsOf(configuration.webhooks).map((webhook) => {
    const { caBundle: _renewed, ...clientConfig } = isJsonObject(webhook.clientConfig) ? webhook.clientConfig : {};
    return {
      content: shortHash([configuration.kind, configuration.metadata.name, { ...webhook, clientConfig }]),
      rules: rulesOf(webhook.rules),
    };
  });
}

/** Each policy with what binds it: one without a binding does nothing. */
export function policiesOf(policies: readonly KubernetesObject[], bindings: readonly KubernetesObject[]): readonly Admission[] {
  return policies.map((policy) => {
    const spec = isJsonObject(policy.spec) ? policy.spec : {};
    const constraints = isJsonObject(spec.matchConstraints) ? spec.matchConstraints : {};
    const bound = bindings
      .filter((binding) => isJsonObject(binding.spec) && binding.spec.policyName === policy.metadata.name)
      .map((binding) => shortHash([binding.metadata.name, binding.spec ?? null]));
    return { content: shortHash([policy.kind, policy.metadata.name, spec, bound.toSorted()]), rules: rulesOf(constraints.resourceRules) };
  });
}

function rulesOf(rules: JsonValue | undefined): readonly AdmissionRule[] {
  return objectsOf(rules).map(({ apiGroups, resources }) => ({ groups: stringsOf(apiGroups), resources: stringsOf(resources) }));
}

function objectsOf(value: unknown): readonly JsonObject[] {
  return isJsonArray(value) ? value.filter(isJsonObject) : [];
}

function stringsOf(value: JsonValue | undefined): readonly string[] {
  return isJsonArray(value) ? value.filter((each) => typeof each === 'string') : [];
}
