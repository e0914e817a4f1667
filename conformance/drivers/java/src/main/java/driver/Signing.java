package driver;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.time.Clock;
import java.time.Duration;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.auth.signer.Aws4Signer;
import software.amazon.awssdk.auth.signer.AwsSignerExecutionAttribute;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.core.client.config.SdkAdvancedClientOption;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.signer.NoOpSigner;
import software.amazon.awssdk.http.SdkHttpFullRequest;

/** Who signs requests, and how: as the SDK does, unless a request says otherwise. */
record Signing(
        String accessKey,
        String secretKey,
        String sessionToken,
        String signingName,
        long clockOffset,
        boolean unsigned) {

    static Signing of(JsonObject request) {
        JsonElement offset = request.get("clock_offset");
        return new Signing(
                text(request, "access_key"),
                text(request, "secret_key"),
                text(request, "session_token"),
                text(request, "signing_name"),
                offset == null ? 0 : offset.getAsLong(),
                request.has("unsigned"));
    }

    private static String text(JsonObject request, String name) {
        return request.has(name) ? request.get(name).getAsString() : null;
    }

    AwsCredentialsProvider credentials() {
        return StaticCredentialsProvider.create(sessionToken == null
                ? AwsBasicCredentials.create(accessKey, secretKey)
                : AwsSessionCredentials.create(accessKey, secretKey, sessionToken));
    }

    void configure(ClientOverrideConfiguration.Builder config) {
        if (unsigned) {
            config.putAdvancedOption(SdkAdvancedClientOption.SIGNER, new NoOpSigner());
        } else if (signingName != null || clockOffset != 0) {
            config.putAdvancedOption(SdkAdvancedClientOption.SIGNER, this::sign);
        }
    }

    private SdkHttpFullRequest sign(SdkHttpFullRequest request, ExecutionAttributes given) {
        ExecutionAttributes attributes = given.copy();
        Clock clock = Clock.offset(Clock.systemUTC(), Duration.ofSeconds(clockOffset));
        attributes.putAttribute(AwsSignerExecutionAttribute.SIGNING_CLOCK, clock);
        if (signingName != null) {
            attributes.putAttribute(
                    AwsSignerExecutionAttribute.SERVICE_SIGNING_NAME, signingName);
        }
        return Aws4Signer.create().sign(request, attributes);
    }
}
