import type { JsonObject } from '../../../lib/manifests/json.ts';
import type { KubernetesObject } from '../../../lib/manifests/object.ts';
import { createRandom, type Random } from '../../helpers/random.ts';

export interface DefinitionShape {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly scope?: 'Namespaced' | 'Cluster';
  /** How large its JSON is at least: operators that embed pod templates, with their descriptions, come near a megabyte. */
  readonly kilobytes?: number;
}

/** A CustomResourceDefinition with a structural schema of the wanted size, as generators write it from Go types. */
export function definition({ group, kind, plural, scope = 'Namespaced', kilobytes = 4 }: DefinitionShape): KubernetesObject {
  const random = createRandom(kind.length * 7919 + kilobytes);
  const sections: Record<string, JsonObject> = {};
  let size = 0;
  for (let index = 0; size < kilobytes * 1024; index += 1) {
    const section = objectSchema(random, 4);
    sections[`section${index}`] = section;
    size += JSON.stringify(section).length;
  }
  const spec = {
    type: 'object',
    description: sentence(random),
    properties: { replicas: { type: 'integer', format: 'int32', default: 1 }, ...sections },
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}`, annotations: { 'controller-gen.kubebuilder.io/version': 'v0.18.0' } },
    spec: {
      group,
      scope,
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: [{ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }],
          schema: {
            openAPIV3Schema: {
              type: 'object',
              description: sentence(random),
              properties: {
                apiVersion: { type: 'string' },
                kind: { type: 'string' },
                metadata: { type: 'object' },
                spec,
                status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
              },
            },
          },
        },
      ],
    },
  };
}

function objectSchema(random: Random, depth: number): JsonObject {
  const properties: Record<string, JsonObject> = { name: { type: 'string', description: sentence(random) } };
  for (let index = 0; index < 6; index += 1) properties[`${random.pick(WORDS)}${index}`] = fieldSchema(random, depth);
  return { type: 'object', description: sentence(random), required: ['name'], properties };
}

function fieldSchema(random: Random, depth: number): JsonObject {
  const description = sentence(random);
  const kinds = depth === 0 ? 5 : 8;
  switch (random.integer(kinds)) {
    case 0:
      return { type: 'string', description, pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', maxLength: 63 };
    case 1:
      return { type: 'integer', description, format: random.pick(['int32', 'int64']), minimum: 0 };
    case 2:
      return { type: 'boolean', description };
    case 3:
      return { description, anyOf: [{ type: 'integer' }, { type: 'string' }], 'x-kubernetes-int-or-string': true };
    case 4:
      return { type: 'object', description, additionalProperties: { type: 'string' } };
    case 5:
      return { type: 'array', description, items: { type: 'string' }, 'x-kubernetes-list-type': 'atomic' };
    case 6:
      return {
        type: 'array',
        description,
        items: objectSchema(random, depth - 1),
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
      };
    default:
      return objectSchema(random, depth - 1);
  }
}

const WORDS = [
  'affinity',
  'backup',
  'cache',
  'endpoint',
  'listener',
  'probe',
  'quota',
  'retention',
  'selector',
  'storage',
  'template',
  'volume',
];

function sentence(random: Random): string {
  const words = Array.from({ length: 8 + random.integer(16) }, () => random.pick(WORDS));
  return `The ${words.join(' ')}.\nMore info: https://example.com/docs/${random.pick(WORDS)}`;
}
