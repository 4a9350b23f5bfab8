import { describe, expect, it } from 'vitest';
import { isLinkLocalAddress, isPrivateAddress } from '../../../lib/images/oci/private-address.ts';

describe('isPrivateAddress', () => {
  it.each([
    '10.0.0.1',
    '100.64.0.1',
    '127.0.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:10.0.0.1',
    '::ffff:8.8.8.8',
    '::10.0.0.1',
    '64:ff9b::a00:1',
    '64:ff9b:1::a00:1',
    '2002:a00:1::1',
    'fec0::1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'ff02::1',
    'registry.example',
    '',
  ])('holds %s for private', (address) => {
    expect(isPrivateAddress(address)).toBe(true);
  });

  it.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '193.0.0.1', '2600:1f14::1', '2003::1', '64:ff9b:2::1'])(
    'holds %s for public',
    (address) => {
      expect(isPrivateAddress(address)).toBe(false);
    },
  );
});

describe('isLinkLocalAddress', () => {
  it.each([
    ['169.254.169.254', true],
    ['169.254.170.2', true],
    ['fd00:ec2::254', true],
    ['fe80::1', true],
    ['10.0.0.1', false],
    ['127.0.0.1', false],
    ['fd00::1', false],
  ])('of %s is %s', (address, expected) => {
    expect(isLinkLocalAddress(address)).toBe(expected);
  });
});
