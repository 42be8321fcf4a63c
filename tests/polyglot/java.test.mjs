// The MCP SDK for Java with Nimbus, and the libraries of OpenID Connect.
import { describeMetadata } from './lib/metadata.mjs';
import { java } from './lib/paths.mjs';
import { describeWalks } from './lib/walk.mjs';

describeWalks('clients in Java', { 'the Java SDK with Nimbus': () => java('polyglot.Walk') });

const read = (library) => (issuer) => [...java('polyglot.Metadata'), library, issuer];
describeMetadata('OpenID Connect in Java', {
  Nimbus: read('nimbus'),
  "Spring Security's issuer-uri of a client": read('spring-client'),
  // A resource server of Spring verifies signatures, so it needs a key.
  "Spring Security's issuer-uri of a resource server": Object.assign(read('spring-resource'), { formats: ['jwt'] }),
});
