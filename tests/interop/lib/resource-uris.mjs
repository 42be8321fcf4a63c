// Second spellings of file:///secret/b and of db://prod/t, which some servers take for the same.
export const hostUris = [
  'file://127.0.0.1/secret/b',
  'file://x/secret/b',
  'file://:0/secret/b',
  'db://PROD/t',
  'db://prod:5432/t',
  'db://user@prod/t',
  'db://prod./t',
  'db://prod%2e/t',
];
