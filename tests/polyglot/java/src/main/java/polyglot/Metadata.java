package polyglot;

import com.nimbusds.oauth2.sdk.id.Issuer;
import com.nimbusds.openid.connect.sdk.op.OIDCProviderMetadata;
import java.util.Map;
import org.springframework.security.oauth2.client.registration.ClientRegistrations;
import org.springframework.security.oauth2.jwt.JwtDecoders;

/**
 * Reads a provider's OpenID Connect metadata with one library: {@code Metadata nimbus|spring-client|spring-resource
 * ISSUER}. Spring's two are what its property {@code issuer-uri} does for clients and for resource servers.
 */
public final class Metadata {
  public static void main(String[] words) throws Exception {
    var issuer = words[1];
    switch (words[0]) {
      case "nimbus" -> {
        var found = OIDCProviderMetadata.resolve(new Issuer(issuer));
        var algorithms = found.getIDTokenJWSAlgs().stream().map(Object::toString).toList();
        Walk.report(Map.of("event", "metadata", "issuer", found.getIssuer().getValue(), "algorithms", algorithms));
      }
      case "spring-client" -> {
        var found = ClientRegistrations.fromIssuerLocation(issuer).clientId("polyglot").build().getProviderDetails();
        Walk.report(Map.of("event", "metadata", "issuer", found.getIssuerUri(), "jwks", found.getJwkSetUri()));
      }
      case "spring-resource" -> {
        var decoder = JwtDecoders.fromIssuerLocation(issuer);
        Walk.report(Map.of("event", "metadata", "issuer", issuer, "decoder", decoder.getClass().getSimpleName()));
      }
      default -> throw new IllegalArgumentException(words[0]);
    }
    System.exit(0);
  }
}
