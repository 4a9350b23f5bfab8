import { describe, expect, it } from 'vitest';
import { eksAuthentication, eksToken } from '../../../lib/kubernetes/eks-token.ts';
import { checkEksToken } from '../../../lib/local/eks-token-check.ts';

const KEYS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const at = (time: string) => ({ now: () => new Date(time) });
const NOW = at('2026-11-25T10:20:30Z');
const urlOf = (token: string) => new URL(Buffer.from(token.replace('k8s-aws-v1.', ''), 'base64url').toString());

describe('eksToken', () => {
  // Signatures computed by botocore 1.43, which `aws eks get-token` uses, from the same input.
  it.each([
    ['keys of a user', undefined, 'e64c48801d70dffc2247f34e9e120fd17f279011703b0bc459abc25d75590d57'],
    ['keys of a session', 'FwoGZXIvYXdzEXAMPLE+token/with=chars', '9cd47787995a1e372ad44e6e74df33c874c1c235bf841c6b72cb5ebf50482263'],
  ])('signs as the AWS command does with %s', async (_name, sessionToken, signature) => {
    const credentials = { ...KEYS, ...(sessionToken === undefined ? {} : { sessionToken }) };
    const token = await eksToken({ clusterName: 'prod-eu', region: 'eu-central-1', credentials, clock: NOW });
    const url = urlOf(token);
    expect(url.searchParams.get('X-Amz-Signature')).toBe(signature);
    expect(url.searchParams.get('X-Amz-Security-Token')).toBe(sessionToken ?? null);
    expect(token).not.toMatch(/[=+/]/);
  });

  it('passes the checks that a cluster makes, and no longer in another region or 16 minutes later', async () => {
    const token = await eksToken({ clusterName: 'prod-eu', region: 'eu-central-1', credentials: KEYS, clock: NOW });
    const expected = { cluster: 'prod-eu', region: 'eu-central-1', now: NOW.now() };
    expect(checkEksToken(token, expected).headers.host).toBe('sts.eu-central-1.amazonaws.com');
    expect(() => checkEksToken(token, { ...expected, region: 'us-east-1' })).toThrow('us-east-1');
    expect(() => checkEksToken(token, { ...expected, now: new Date('2026-11-25T10:36:31Z') })).toThrow('16 minutes');
  });

  it('asks the STS of China in its own domain', async () => {
    const token = await eksToken({ clusterName: 'a', region: 'cn-north-1', credentials: KEYS, clock: NOW });
    expect(urlOf(token).host).toBe('sts.cn-north-1.amazonaws.com.cn');
  });

  it('refuses a region that would become another host', async () => {
    const token = eksToken({ clusterName: 'a', region: 'evil.example/', credentials: KEYS, clock: NOW });
    await expect(token).rejects.toMatchObject({ reason: 'InvalidRegion' });
  });
});

describe('eksAuthentication', () => {
  function authenticate(expiration?: Date) {
    let time = NOW.now().getTime();
    let asked = 0;
    const authentication = eksAuthentication({
      clusterName: 'prod-eu',
      region: 'eu-central-1',
      clock: { now: () => new Date(time) },
      credentials: async () => {
        asked += 1;
        return { ...KEYS, ...(expiration === undefined ? {} : { expiration }) };
      },
    });
    if (authentication.type !== 'token') throw new Error('EKS is reached by token');
    return {
      token: authentication.token,
      asked: () => asked,
      pass: (minutes: number) => {
        time += minutes * 60_000;
      },
    };
  }

  it('uses a token for less than 14 minutes, and renews it once for all who ask', async () => {
    const { token, asked, pass } = authenticate();
    const first = await token();
    pass(13.9);
    expect(await token()).toBe(first);
    pass(0.2);
    const renewed = await Promise.all([token(), token(), token()]);
    expect(new Set(renewed).size).toBe(1);
    expect(renewed[0]).not.toBe(first);
    expect(asked()).toBe(2);
  });

  it('renews a token before the credentials that signed it expire', async () => {
    const { token, asked, pass } = authenticate(new Date(NOW.now().getTime() + 5 * 60_000));
    await token();
    pass(4);
    await token();
    expect(asked()).toBe(1);
    pass(0.6);
    await token();
    expect(asked()).toBe(2);
  });

  it('asks again after credentials could not be had', async () => {
    let failing = true;
    const authentication = eksAuthentication({
      clusterName: 'a',
      region: 'eu-central-1',
      clock: NOW,
      credentials: async () => {
        if (failing) throw new Error('no credentials');
        return KEYS;
      },
    });
    if (authentication.type !== 'token') throw new Error('EKS is reached by token');
    await expect(authentication.token()).rejects.toThrow('no credentials');
    failing = false;
    await expect(authentication.token()).resolves.toMatch(/^k8s-aws-v1\./);
  });
});
