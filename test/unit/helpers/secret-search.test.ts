import { describe, expect, it } from 'vitest';
import { placesThatHold } from '../../helpers/secret-search.ts';

const VALUE = 'a-value-that-nobody-may-see';

describe('placesThatHold', () => {
  it.each([
    ['plain', `{"data":"${VALUE}"}`],
    ['base64', Buffer.from(VALUE).toString('base64')],
    ['base64 of a longer text', Buffer.from(`x${VALUE}yz`).toString('base64')],
    ['base64 of a longer text, shifted by two', Buffer.from(`xx${VALUE}y`).toString('base64')],
    ['base64 of a longer text, shifted by three', Buffer.from(`{"a":"xyz","b":"${VALUE}"}`).toString('base64')],
    ['hexadecimal', Buffer.from(VALUE).toString('hex')],
    ['last-applied annotation', JSON.stringify({ annotation: JSON.stringify({ stringData: { key: VALUE } }) })],
  ])('finds a value in %s', (_form, text) => {
    expect(placesThatHold([VALUE], new Map([['somewhere', text]]))).toEqual(['somewhere']);
  });

  it('finds nothing where the value is not', () => {
    expect(placesThatHold([VALUE], new Map([['somewhere', 'another value']]))).toEqual([]);
  });
});
