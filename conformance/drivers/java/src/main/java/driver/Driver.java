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
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.awscore.client.builder.AwsSyncClientBuilder;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sns.SnsClient;
import software.amazon.awssdk.services.sns.model.SnsException;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.SqsException;

/**
 * A driver for the AWS SDK for Java 2: one JSON request a line in, one JSON answer a line out. The
 * contract is in conformance/README.md.
 */
public final class Driver {
    private static final String SERVICES = "software.amazon.awssdk.services.";
    private static final Gson GSON = new Gson();
    private static final Map<String, Object> CLIENTS = new ConcurrentHashMap<>();

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
        if (request.has("presigned")) {
            answer.addProperty("unsendable", "the SDK presigns nothing of these services");
            return answer;
        }
        try {
            answer.add("output", call(request));
        } catch (InvocationTargetException thrown) {
            if (thrown.getCause() instanceof AwsServiceException refused
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
        String service = request.get("service").getAsString();
        String action = request.get("action").getAsString();
        // An abbreviation is a word in the names of classes, and none in those of methods.
        String shape = action.replace("SMS", "Sms") + "Request";
        Class<?> type = Class.forName(SERVICES + service + ".model." + shape);
        Object builder = type.getMethod("builder").invoke(null);
        Object input = Shapes.build((SdkPojo) builder, request.getAsJsonObject("input"));
        String method = Character.toLowerCase(action.charAt(0)) + action.substring(1);
        Class<?> client = service.equals("sns") ? SnsClient.class : SqsClient.class;
        Object output = client.getMethod(method, type).invoke(client(request), input);
        return Shapes.toJson((SdkPojo) output);
    }

    /** One client per service, endpoint, region and identity, as a program would keep. */
    private static Object client(JsonObject request) {
        String service = request.get("service").getAsString();
        String endpoint = request.get("endpoint").getAsString();
        String region = request.get("region").getAsString();
        Signing signing = Signing.of(request);
        String key = String.join(" ", service, endpoint, region, signing.toString());
        return CLIENTS.computeIfAbsent(key, unknown -> service.equals("sns")
                ? build(SnsClient.builder(), endpoint, region, signing)
                : build(SqsClient.builder(), endpoint, region, signing));
    }

    private static <B extends AwsClientBuilder<B, C> & AwsSyncClientBuilder<B, C>, C> C build(
            B builder, String endpoint, String region, Signing signing) {
        return builder.endpointOverride(URI.create(endpoint))
                .region(Region.of(region))
                .credentialsProvider(signing.credentials())
                .httpClientBuilder(UrlConnectionHttpClient.builder())
                .overrideConfiguration(config -> signing.configure(
                        config.retryStrategy(retry -> retry.maxAttempts(1))))
                .build();
    }

    private static JsonObject describe(AwsServiceException refused) {
        JsonObject error = new JsonObject();
        error.addProperty("code", refused.awsErrorDetails().errorCode());
        error.addProperty("status", refused.statusCode());
        error.addProperty("message", refused.awsErrorDetails().errorMessage());
        Class<?> type = refused.getClass();
        // Each service has a class of its own for what its model does not name.
        if (type != SnsException.class && type != SqsException.class) {
            // Every class name here ends in "Exception"; the runner allows for it.
            error.addProperty("name", type.getSimpleName());
        }
        return error;
    }
}
