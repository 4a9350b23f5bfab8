import { describe, expect, it } from 'vitest';
import { stageOf } from '../../../lib/manifests/order.ts';

describe('order', () => {
  it.each([
    ['apiextensions.k8s.io/v1', 'CustomResourceDefinition', 1],
    ['v1', 'Namespace', 1],
    ['rbac.authorization.k8s.io/v1', 'ClusterRole', 1],
    ['storage.k8s.io/v1', 'StorageClass', 2],
    ['gateway.networking.k8s.io/v1', 'GatewayClass', 2],
    ['rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 3],
    ['v1', 'Secret', 3],
    ['v1', 'Service', 3],
    ['serving.knative.dev/v1', 'Service', 4],
    ['apps/v1', 'Deployment', 4],
    ['example.com/v1', 'Widget', 4],
    ['admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', 5],
    ['admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicyBinding', 5],
    ['apiregistration.k8s.io/v1', 'APIService', 5],
  ])('applies %s %s in stage %i', (apiVersion, kind, stage) => {
    expect(stageOf({ apiVersion, kind })).toBe(stage);
  });
});
