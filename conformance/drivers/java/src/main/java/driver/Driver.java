package driver;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.SqsException;

/**
 * A driver for the AWS SDK for Java 2: one JSON request a line in, one JSON answer a line out. The
 * contract is in conformance/README.md.
 */
public final class Driver {
    private static final String MODEL = "software.amazon.awssdk.services.sqs.model.";
    private static final Gson GSON = new Gson();
    private static final Map<String, SqsClient> CLIENTS = new ConcurrentHashMap<>();

    public static void main(String[] args) throws Exception {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        // A long poll must not hold up the send that wakes it, so requests run side by side.
        ExecutorService pool = Executors.newCachedThreadPool();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            JsonObject request = GSON.fromJson(line, JsonObject.class);
            pool.submit(() -> {
                JsonObject answer = perform(request);
                answer.add("id", request.get("id"));
                synchronized (out) {
                    out.println(GSON.toJson(answer));
                }
            });
        }
        pool.shutdown();
        pool.awaitTermination(1, TimeUnit.MINUTES);
    }

    private static JsonObject perform(JsonObject request) {
        JsonObject answer = new JsonObject();
        try {
            answer.add("output", call(request));
        } catch (InvocationTargetException thrown) {
            if (thrown.getCause() instanceof SqsException refused
                    && refused.awsErrorDetails() != null) {
                answer.add("error", describe(refused));
            } else {
                answer.addProperty("failure", thrown.getCause().toString());
            }
        } catch (Exception failed) {
            answer.addProperty("failure", failed.toString());
        }
        return answer;
    }

    private static JsonElement call(JsonObject request) throws Exception {
        String action = request.get("action").getAsString();
        Class<?> type = Class.forName(MODEL + action + "Request");
        Object builder = type.getMethod("builder").invoke(null);
        Object input = Shapes.build((SdkPojo) builder, request.getAsJsonObject("input"));
        String method = Character.toLowerCase(action.charAt(0)) + action.substring(1);
        Object output = SqsClient.class.getMethod(method, type).invoke(client(request), input);
        return Shapes.toJson((SdkPojo) output);
    }

    /** One client per endpoint, region and identity, as a program would keep. */
    private static SqsClient client(JsonObject request) {
        String endpoint = request.get("endpoint").getAsString();
        String region = request.get("region").getAsString();
        String accessKey = request.get("access_key").getAsString();
        String secretKey = request.get("secret_key").getAsString();
        return CLIENTS.computeIfAbsent(String.join(" ", endpoint, region, accessKey), key ->
                SqsClient.builder()
                        .endpointOverride(URI.create(endpoint))
                        .region(Region.of(region))
                        .credentialsProvider(StaticCredentialsProvider.create(
                                AwsBasicCredentials.create(accessKey, secretKey)))
                        .httpClientBuilder(UrlConnectionHttpClient.builder())
                        .overrideConfiguration(config ->
                                config.retryStrategy(retry -> retry.maxAttempts(1)))
                        .build());
    }

    private static JsonObject describe(SqsException refused) {
        JsonObject error = new JsonObject();
        error.addProperty("code", refused.awsErrorDetails().errorCode());
        error.addProperty("status", refused.statusCode());
        error.addProperty("message", refused.awsErrorDetails().errorMessage());
        if (refused.getClass() != SqsException.class) {
            // Every class name here ends in "Exception"; the runner allows for it.
            error.addProperty("name", refused.getClass().getSimpleName());
        }
        return error;
    }
}
