/* Adam on Rosenbrock in float32; tracks the best loss and the first step at each target: what the processor can do.

   cc -O3 -march=native -fno-math-errno -fno-trapping-math -pthread adam.c -lm -o adam && ./adam RUNS STEPS THREADS
   prints the nanoseconds per run-step, and the lowest loss as evidence that nothing was optimized away. */

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { CHUNK = 512, TARGETS = 4 };

static const float targets[TARGETS] = {1e-1f, 1e-3f, 1e-5f, 1e-7f};
static int runs, steps, threads;
static float lowest[64];

typedef struct {
    float x[CHUNK], y[CHUNK], loss[CHUNK], gx[CHUNK], gy[CHUNK], mx[CHUNK], my[CHUNK], vx[CHUNK], vy[CHUNK], rate[CHUNK];
    float best[CHUNK], level[TARGETS][CHUNK];
    int at[CHUNK], hit[TARGETS][CHUNK];
} Chunk;

static void evaluate(Chunk *t, int i) {
    float valley = t->y[i] - t->x[i] * t->x[i], slope = 1 - t->x[i];
    t->loss[i] = slope * slope + 100 * valley * valley;
    t->gx[i] = -400 * t->x[i] * valley - 2 * slope;
    t->gy[i] = 200 * valley;
}

static void begin(Chunk *t, int first) {
    for (int i = 0; i < CHUNK; i++) {
        t->x[i] = -1.2f;
        t->y[i] = 1;
        t->rate[i] = 1e-6f * powf(1.005f, (first + i) % 1024);
        t->mx[i] = t->my[i] = t->vx[i] = t->vy[i] = 0;
        t->at[i] = 0;
        evaluate(t, i);
        t->best[i] = t->loss[i];
        for (int k = 0; k < TARGETS; k++) {
            t->level[k][i] = targets[k] * t->loss[i];
            t->hit[k][i] = -1;
        }
    }
}

static void step(Chunk *restrict t, int number) {
    float c1 = 1 - pow(0.9, number), c2 = 1 - pow(0.999, number);
    for (int i = 0; i < CHUNK; i++) {
        t->mx[i] = 0.9f * t->mx[i] + 0.1f * t->gx[i];
        t->my[i] = 0.9f * t->my[i] + 0.1f * t->gy[i];
        t->vx[i] = 0.999f * t->vx[i] + 0.001f * t->gx[i] * t->gx[i];
        t->vy[i] = 0.999f * t->vy[i] + 0.001f * t->gy[i] * t->gy[i];
        t->x[i] -= t->rate[i] * (t->mx[i] / c1) / (sqrtf(t->vx[i] / c2) + 1e-7f);
        t->y[i] -= t->rate[i] * (t->my[i] / c1) / (sqrtf(t->vy[i] / c2) + 1e-7f);
        evaluate(t, i);
        t->at[i] = t->loss[i] < t->best[i] ? number : t->at[i];
        t->best[i] = t->loss[i] < t->best[i] ? t->loss[i] : t->best[i];
        for (int k = 0; k < TARGETS; k++)
            t->hit[k][i] = t->hit[k][i] < 0 && t->loss[i] <= t->level[k][i] ? number : t->hit[k][i];
    }
}

static void *work(void *argument) {
    int thread = (int)(long)argument;
    Chunk *t = malloc(sizeof(Chunk));
    lowest[thread] = INFINITY;
    for (int first = thread * CHUNK; first < runs; first += threads * CHUNK) {
        begin(t, first);
        for (int number = 1; number <= steps; number++) step(t, number);
        for (int i = 0; i < CHUNK; i++) lowest[thread] = fminf(lowest[thread], t->best[i]);
    }
    free(t);
    return NULL;
}

int main(int count, char **arguments) {
    if (count != 4) return fprintf(stderr, "usage: adam RUNS STEPS THREADS\n"), 2;
    runs = atoi(arguments[1]), steps = atoi(arguments[2]), threads = atoi(arguments[3]);
    if (runs < CHUNK || runs % CHUNK || steps < 1 || threads < 1 || threads > 64)
        return fprintf(stderr, "RUNS: a multiple of %d; STEPS: 1 or more; THREADS: 1 to 64\n", CHUNK), 2;
    pthread_t started[64];
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    for (long i = 0; i < threads; i++) pthread_create(&started[i], NULL, work, (void *)i);
    for (int i = 0; i < threads; i++) pthread_join(started[i], NULL);
    clock_gettime(CLOCK_MONOTONIC, &b);
    float best = INFINITY;
    for (int i = 0; i < threads; i++) best = fminf(best, lowest[i]);
    double nanoseconds = (b.tv_sec - a.tv_sec) * 1e9 + (b.tv_nsec - a.tv_nsec);
    printf("%.6f %g\n", nanoseconds / ((double)runs * steps), best);
    return 0;
}
