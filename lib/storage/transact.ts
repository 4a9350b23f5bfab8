import { setTimeout as sleep } from 'node:timers/promises';
import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, TransactWriteCommand, type TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import { AwsFaultError } from '../aws-fault.ts';

/** Together about three seconds of waiting. */
const ATTEMPTS = 7;
const FIRST_PAUSE_MILLISECONDS = 50;

/** Another transaction was at the same items, or the table was asked for too much: neither says anything of a condition. */
const PASSING: ReadonlySet<string> = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']);

/**
 * Writes all of these items or none. Resolves to the places, in the order given, of those whose condition did not hold; to none when all are
 * written. What kept it from being written for a moment only is tried again. Throws `AwsFaultError` when that lasts.
 */
export async function transactWrite(
  client: DynamoDBDocumentClient,
  items: NonNullable<TransactWriteCommandInput['TransactItems']>,
): Promise<ReadonlySet<number>> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.send(new TransactWriteCommand({ TransactItems: items }));
      return new Set();
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error;
      const codes = (error.CancellationReasons ?? []).map(({ Code = 'None' }) => Code);
      const failed = codes.flatMap((code, place) => (code === 'ConditionalCheckFailed' ? [place] : []));
      if (failed.length > 0) return new Set(failed);
      const passing = codes.filter((code) => PASSING.has(code));
      if (passing.length === 0) throw error;
      if (attempt === ATTEMPTS) throw stillCanceled(passing, error);
      await sleep(FIRST_PAUSE_MILLISECONDS * 2 ** (attempt - 1));
    }
  }
}

function stillCanceled(codes: readonly string[], cause: Error): AwsFaultError {
  const words = [...new Set(codes)].join(', ');
  return new AwsFaultError(
    'AwsThrottled',
    `DynamoDB TransactWriteItems: it was canceled ${ATTEMPTS} times (${words}), and nothing of it is written. Try it again; if this repeats, raise the table's limit.`,
    { cause },
  );
}
