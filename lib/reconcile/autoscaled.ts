import type { Discovery, KubernetesClient } from '../kubernetes/client.ts';
import type { KubernetesObject } from '../manifests/object.ts';
import { type Beside, besideIgnored, type FieldRules, isIgnored } from './field-rules.ts';
import { builtInRules, isScaledByHpa, REPLICAS } from './ignore/index.ts';
import type { Target } from './target.ts';

export interface Scaling {
  readonly client: Pick<KubernetesClient, 'list'>;
  readonly discovery: Pick<Discovery, 'lookupInGroup'>;
  readonly rules: FieldRules;
  readonly fieldManager: string;
  readonly signal: AbortSignal;
}

/**
 * What is ignored of an object, with its replicas where an HPA scales them. What the HPA controller has once written stays on the object when
 * the HPA goes, so that the cluster is asked whether there is one; those that are in Git are known from there.
 */
export async function besideScaled({ object, id }: Target, live: KubernetesObject, scaling: Scaling): Promise<Beside> {
  const { rules, fieldManager } = scaling;
  const beside = (isScaled: boolean) => besideIgnored(object, live, rules, fieldManager, isScaled);
  if (!isScaledByHpa(object, live, rules.classify)) return beside(true);
  const unscaled = beside(false);
  if (isIgnored(unscaled.ignored, REPLICAS)) return unscaled;
  const { kind, group, name, namespace } = id;
  const autoscalers = builtInRules(await liveAutoscalers(namespace, scaling), namespace);
  return autoscalers.some((rule) => rule.kind === kind && rule.group === group && rule.name === name) ? beside(true) : unscaled;
}

async function liveAutoscalers(namespace: string, { client, discovery, rules, signal }: Scaling): Promise<readonly KubernetesObject[]> {
  const lookup = discovery.lookupInGroup('autoscaling', 'HorizontalPodAutoscaler');
  if (!('found' in lookup)) return [];
  const listed = await client.list(lookup.found, { namespace }, signal);
  return listed.filter(
    ({ metadata }) => metadata.deletionTimestamp === undefined && !rules.autoscalers.has(`${namespace}/${metadata.name}`),
  );
}
