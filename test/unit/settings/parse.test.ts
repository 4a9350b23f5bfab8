import { describe, expect, it } from 'vitest';
import { parseSettings } from '../../../lib/settings/index.ts';

describe('plumbline.yaml', () => {
  it('is read as it is written, long integers included', () => {
    const text =
      'helm:\n  releaseName: shop\n  namespace: web\n  valuesFiles: [values/prod.yaml]\n  values: {id: 9007199254740993}\n  hooks: skip\n';
    expect(parseSettings(text)).toEqual({
      settings: {
        helm: {
          releaseName: 'shop',
          namespace: 'web',
          valuesFiles: ['values/prod.yaml'],
          values: { id: 9007199254740993n },
          hooks: 'skip',
        },
      },
    });
  });

  it.each(['', '# nothing yet\n', '{}'])('may say nothing: %j', (text) => {
    expect(parseSettings(text)).toEqual({ settings: {} });
  });

  it.each([
    ['helm: {vaules: {}}', 'key helm.vaules is not known; did you mean helm.values? accepted: helm.releaseName, helm.namespace, '],
    ['helm: {valueFiles: []}', 'key helm.valueFiles is not known; did you mean helm.valuesFiles?'],
    ['helm: {release-name: x}', 'key helm.release-name is not known; did you mean helm.releaseName?'],
    ['valuesFiles: [a]', 'key valuesFiles is not known; did you mean helm.valuesFiles?'],
    ['exceptions: []', 'key exceptions is not known; did you mean images.exceptions?'],
    ['images: {exceptions: [{image: a, reason: b}]}', 'key images.exceptions.0.until is missing; accepted: a list of at most 200 maps'],
    ['images: {exceptions: [{image: a, reason: b, until: soon}]}', 'key images.exceptions.0.until is "soon"; accepted: a list'],
    [
      'images: {exceptions: [{image: a, reason: b, until: 2026-12-31, by: me}]}',
      'accepted: a list of at most 200 maps with image, reason and until',
    ],
    ['images: {excptions: []}', 'key images.excptions is not known; did you mean images.exceptions?'],
    [
      'images: {policy: {fs.writeable: block}}',
      'key images.policy.fs.writeable is not known; did you mean images.policy.fs.writable? accepted: images.policy.ref.latest, ',
    ],
    ['images: {policy: {ref.invalid: ignore}}', 'key images.policy.ref.invalid is not known'],
    ['images: {policy: {run.mismatch: block}}', 'key images.policy.run.mismatch is "block"; accepted: a map of ids of findings to ignore'],
    ['images: {policy: block}', 'key images.policy is "block"; accepted: a map of ids of findings'],
    ['images: {paths: [{kind: Rollout, path: spec.image}]}', 'key images.paths.0.group is missing; accepted: a list of at most 100 maps'],
    ['images: {paths: [{group: a.io, kind: X, path: "spec.x[1]"}]}', 'key images.paths.0.path is "spec.x[1]"; accepted: a list'],
    [
      'images: {allowed: [{finding: pod.exec, image: a, reason: b}]}',
      'key images.allowed.0.finding is "pod.exec"; accepted: a list of at most 100 maps with finding',
    ],
    ['images: {allowed: [{finding: pod.injected, image: a}]}', 'key images.allowed.0.reason is missing; accepted: a list'],
    ['images: {reroll: always}', 'key images.reroll is "always"; accepted: never or on-mismatch'],
    ['health: {deadline: 5}', 'key health.deadline is 5; accepted: a duration from 1m to 1d'],
    ['health: {deadline: 59s}', 'key health.deadline is "59s"; accepted: a duration from 1m to 1d'],
    ['health: {deadine: 5m}', 'key health.deadine is not known; did you mean health.deadline?'],
    [
      'health: {expressions: [{apiVersion: a.io/v1, kind: X}]}',
      'key health.expressions.0.current is missing; accepted: a list of at most 100',
    ],
    [
      "health: {expressions: [{apiVersion: a.io/v1, kind: X, current: 'status.ok =='}]}",
      'key health.expressions.0.current: the expression "status.ok ==" cannot be used: Unexpected token: EOF, at character 13',
    ],
    [
      "health: {expressions: [{apiVersion: a.io/v1, kind: X, current: 'true', failed: 'size(status.x)'}]}",
      'key health.expressions.0.failed: the expression "size(status.x)" cannot be used: it is a int, not true or false',
    ],
    [
      "health: {expressions: [{apiVersion: a.io/v1, kind: X, current: 'true'}, {apiVersion: a.io/v2, kind: X, current: 'true'}]}",
      'key health.expressions.1: X of the group a.io is there twice; keep one',
    ],
    ['policy: {mode: observe}', 'key policy is {"mode":"observe"}; accepted in policy: a list of at most 200 maps with kind'],
    ['policy: [{mode: always}]', 'key policy.0.mode is "always"; accepted in policy: a list'],
    ['policy: [{}, {kinds: Deployment}]', 'key policy.1.kinds is not known; accepted in policy: a list of at most 200 maps with kind'],
    ['policy: [{grace: soon}]', 'key policy.0.grace is "soon"; accepted in policy: '],
    ['policy: [{labels: {tier: 1}}]', 'key policy.0.labels.tier is 1; accepted in policy: '],
    [
      'windows: [{kind: deny, schedule: "0 18 * * 5"}]',
      'key windows.0.duration is missing; accepted in windows: a list of at most 50 maps',
    ],
    ['windows: [{kind: deny, schedule: "0 18 * * 9", duration: 1h}]', 'key windows.0.schedule is "0 18 * * 9"; accepted in windows: '],
    ['windows: [{kind: deny, schedule: "* * * * * *", duration: 1h}]', 'key windows.0.schedule is "* * * * * *"; '],
    ['windows: [{kind: deny, schedule: "0 0 30 2 *", duration: 1h}]', 'key windows.0.schedule is "0 0 30 2 *"; '],
    ['windows: [{kind: deny, schedule: "2027-01-01T00:00:00", duration: 1h}]', 'key windows.0.schedule is "2027-01-01T00:00:00"; '],
    ['windows: [{kind: deny, schedule: "0 18 * * 5", duration: 0s}]', 'key windows.0.duration is "0s"; '],
    ['windows: [{kind: deny, schedule: "0 18 * * 5", duration: 1h, timeZone: Mars}]', 'key windows.0.timeZone is "Mars"; '],
    ['windows: [{kind: deny, schedule: "0 18 * * 5", duration: 1h, applies: [prune]}]', 'key windows.0.applies.0 is "prune"; '],
    ['prune: {delay: soon}', 'key prune.delay is "soon"; accepted: a duration such as'],
    ['prune: {delay: 400d}', 'key prune.delay is "400d"; accepted: a duration'],
    ['prune: {limit: 101}', 'key prune.limit is 101; accepted: a whole number from 0 to 100'],
    ['prune: {expect: 0}', 'key prune.expect is 0; accepted: the number of objects'],
    ['prune: {dealy: 1m}', 'key prune.dealy is not known; did you mean prune.delay?'],
    ['ignore: [{kind: Deployment}]', 'key ignore.0 is {"kind":"Deployment"}; accepted in ignore: a list of at most 200 maps with pointers'],
    ['ignore: [{pointers: [spec.replicas]}]', 'key ignore.0.pointers.0 is "spec.replicas"; accepted in ignore: a list'],
    ['ignore: [{pointer: /spec}]', 'key ignore.0.pointer is not known; accepted in ignore: a list'],
    ['adopt: [{kind: ConfigMap, name: x, from: terraform}]', 'key adopt.0.from is "terraform"; accepted in adopt: a list'],
    ['managers: {human: [x]}', 'key managers.human is not known; '],
    ['managers: {people: x}', 'key managers.people is "x"; accepted: a list of at most 100 names of field managers'],
    ['hlem: {}', 'key hlem is not known; did you mean helm?'],
    ['somethingElse: {}', 'key somethingElse is not known; accepted: helm'],
    ['helm:', 'key helm is no map; accepted keys in it: releaseName, '],
    ['helm: {hooks: always}', 'key helm.hooks is "always"; accepted: refuse, apply or skip'],
    ['helm: {releaseName: Shop}', 'key helm.releaseName is "Shop"; accepted: lower-case letters'],
    ['helm: {valuesFiles: [1]}', 'key helm.valuesFiles.0 is 1; accepted: a list of at most 50 files'],
    ['helm: {values: [hunter2]}', 'key helm.values is not a map; accepted: a map'],
    ['helm: {}\nhelm: {}', 'line 2: the key "helm" is there twice'],
    ['helm: [', 'line 1: '],
    ['helm: {}\n---\nhelm: {}', 'it has more than one document'],
    ['- helm', 'it is no map; accepted keys: helm'],
    [`a: ${'x'.repeat(1024 * 1024)}`, 'it has more than 1 MB'],
  ])('refuses %.40j in words', (text, problem) => {
    expect(parseSettings(text)).toEqual({ problem: expect.stringContaining(problem) });
  });
});
