/* Adam on Rosenbrock in float32, best loss and first step at each target tracked: what the processor can do.

   cc -O3 -march=native -fno-math-errno -fno-trapping-math -pthread adam.c -lm -o adam && ./adam RUNS STEPS THREADS
   prints the nanoseconds a run-step, and the lowest loss as a witness that nothing was left out. */

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TILE = 512, TARGETS = 4 };

static const float taus[TARGETS] = {1e-1f, 1e-3f, 1e-5f, 1e-7f};
static int runs, steps, threads;
static float lowest[64];

typedef struct {
    float x[TILE], y[TILE], loss[TILE], gx[TILE], gy[TILE], mx[TILE], my[TILE], vx[TILE], vy[TILE], rate[TILE];
    float best[TILE], level[TARGETS][TILE];
    int at[TILE], hit[TARGETS][TILE];
} Tile;

static void evaluate(Tile *t, int i) {
    float off = t->y[i] - t->x[i] * t->x[i], left = 1 - t->x[i];
    t->loss[i] = left * left + 100 * off * off;
    t->gx[i] = -400 * t->x[i] * off - 2 * left;
    t->gy[i] = 200 * off;
}

static void begin(Tile *t, int first) {
    for (int i = 0; i < TILE; i++) {
        t->x[i] = -1.2f;
        t->y[i] = 1;
        t->rate[i] = 1e-6f * powf(1.005f, (first + i) % 1024);
        t->mx[i] = t->my[i] = t->vx[i] = t->vy[i] = 0;
        t->at[i] = 0;
        evaluate(t, i);
        t->best[i] = t->loss[i];
        for (int k = 0; k < TARGETS; k++) {
            t->level[k][i] = taus[k] * t->loss[i];
            t->hit[k][i] = -1;
        }
    }
}

static void step(Tile *restrict t, int number) {
    float c1 = 1 - pow(0.9, number), c2 = 1 - pow(0.999, number);
    for (int i = 0; i < TILE; i++) {
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
    int own = (int)(long)argument;
    Tile *t = malloc(sizeof(Tile));
    lowest[own] = INFINITY;
    for (int first = own * TILE; first < runs; first += threads * TILE) {
        begin(t, first);
        for (int number = 1; number <= steps; number++) step(t, number);
        for (int i = 0; i < TILE; i++) lowest[own] = fminf(lowest[own], t->best[i]);
    }
    free(t);
    return NULL;
}

int main(int count, char **told) {
    if (count != 4) return fprintf(stderr, "usage: adam RUNS STEPS THREADS\n"), 2;
    runs = atoi(told[1]), steps = atoi(told[2]), threads = atoi(told[3]);
    if (runs < TILE || runs % TILE || steps < 1 || threads < 1 || threads > 64)
        return fprintf(stderr, "RUNS: a multiple of %d; STEPS: 1 or more; THREADS: 1 to 64\n", TILE), 2;
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
