/**
 * The local environment: real Kubernetes API servers, reached as EKS clusters are, and an AWS emulator that the ordinary stacks are
 * deployed to. `plumbline local`, the demo and the tests run on it; nothing here is deployed.
 */
export type { Access } from './access.ts';
export { Children } from './children.ts';
export { runCommand } from './command.ts';
export { type ControlPlaneProgram, controlPlaneBinaries } from './control-plane-binaries.ts';
export { deployLocally, environmentVariables, isDeployed } from './deploy.ts';
export { type LocalEnvironment, type StartOptions, startLocalEnvironment } from './environment.ts';
export { type Host, LocalEnvironmentError, MissingRequirementError, thisHost } from './host.ts';
export { invokeAudit } from './invoke-audit.ts';
export { type EnvironmentStatus, localEnvironmentNames, localEnvironmentStatus, stopLocalEnvironment } from './lifecycle.ts';
export { type NodePlanePrograms, type NodePlaneSettings, nodePlanePrograms, startNodePlane } from './node-plane.ts';
export type { EnvironmentDescription, LocalCluster } from './state.ts';
export { toolsDirectory } from './tools.ts';
