import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { ECRClient } from '@aws-sdk/client-ecr';

/** One request as the SDK sent it. */
export interface EcrCall {
  readonly operation: string;
  readonly input: { readonly imageIds?: readonly { readonly imageTag: string }[]; readonly [field: string]: unknown };
}

/** What the service answers: a body of a 200, or an error by its name. */
export type EcrAnswer = { readonly body: unknown } | { readonly error: string; readonly status: number };

interface SentRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** The real SDK client on answers written by hand in the service's own shape: for what no emulator does. `calls` grows with each request. */
export function ecrClientThatAnswers(answer: (call: EcrCall) => EcrAnswer): {
  readonly client: ECRClient;
  readonly calls: readonly EcrCall[];
} {
  const calls: EcrCall[] = [];
  const client = new ECRClient({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
    requestHandler: {
      handle: async (request: SentRequest, options: { readonly abortSignal?: AbortSignal }) => {
        const operation = request.headers['x-amz-target']?.split('.')[1] ?? '';
        const call = { operation, input: JSON.parse(new TextDecoder().decode(request.body)) };
        calls.push(call);
        const result = answer(call);
        options.abortSignal?.throwIfAborted();
        const body = 'error' in result ? { __type: result.error, message: `${result.error} from the service` } : result.body;
        const response = {
          statusCode: 'error' in result ? result.status : 200,
          headers: { 'content-type': 'application/x-amz-json-1.1' },
          body: Readable.from([JSON.stringify(body)]),
        };
        return { response };
      },
    },
  });
  return { client, calls };
}

/** One item of BatchGetImage's `images`, with the digest that its manifest has. */
export function imageAnswer(imageTag: string, manifest: unknown, mediaType = 'application/vnd.oci.image.manifest.v1+json') {
  const imageManifest = JSON.stringify(manifest);
  return {
    imageId: { imageTag, imageDigest: `sha256:${createHash('sha256').update(imageManifest).digest('hex')}` },
    imageManifest,
    imageManifestMediaType: mediaType,
  };
}
