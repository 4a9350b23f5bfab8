/**
 * Source: from a repository to the artifact that clusters are kept equal to. Polls and fetches with Git, renders what rows ask for, and
 * publishes it; what is wrong with one row or one repository stops no other.
 */
export type { Artifact, FetchedSource, LockedSource, ManifestProblem, RenderedSource } from './artifact.ts';
export { type Clone, fetchRevision } from './clone.ts';
export { type GitCredentials, parseGitCredentials } from './credentials.ts';
export { type FetchDependencies, renderDirectory, renderRevision, WORKING_TREE } from './fetch.ts';
export type { SourceOutcome } from './follow-row.ts';
export type { GitHost } from './git-command.ts';
export { notKeptError, processRepository, type SourceDependencies, type SourceSummary } from './process.ts';
export { isCommitId, listTips, type Repository, referenceNotFound } from './references.ts';
export { checkRepositoryUrl, type RepositoryRules } from './repository-url.ts';
export { SourceError, type SourceReason } from './source-error.ts';
