"""Optimizers written the way of TensorFlow's guide "Optimizers with Core APIs", and in other ways that people have."""

from __future__ import annotations

import tensorflow as tf


class GradientDescent(tf.Module):
    def __init__(self, learning_rate=1e-3):
        self.learning_rate = learning_rate
        self.title = f"Gradient descent: learning rate={self.learning_rate}"

    def apply_gradients(self, grads, vars):
        for grad, var in zip(grads, vars, strict=True):
            var.assign_sub(self.learning_rate * grad)


class Momentum(tf.Module):
    """One velocity, an attribute that begins as a Python number."""

    def __init__(self, learning_rate=1e-3, momentum=0.7):
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.change = 0.0

    def apply_gradients(self, grads, vars):
        for grad, var in zip(grads, vars, strict=True):
            change = self.learning_rate * grad + self.momentum * self.change
            var.assign_sub(change)
            self.change = change


class Adam(tf.Module):
    """Slots made on the first call as variables, which then become tensors, and a Python float that counts."""

    def __init__(self, learning_rate=1e-3, beta_1=0.9, beta_2=0.999, ep=1e-7):
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.learning_rate = learning_rate
        self.ep = ep
        self.t = 1.0
        self.v_dvar, self.s_dvar = [], []
        self.built = False

    def apply_gradients(self, grads, vars):
        if not self.built:
            for var in vars:
                self.v_dvar.append(tf.Variable(tf.zeros(shape=var.shape)))
                self.s_dvar.append(tf.Variable(tf.zeros(shape=var.shape)))
            self.built = True
        for i, (d_var, var) in enumerate(zip(grads, vars, strict=True)):
            self.v_dvar[i] = self.beta_1 * self.v_dvar[i] + (1 - self.beta_1) * d_var
            self.s_dvar[i] = self.beta_2 * self.s_dvar[i] + (1 - self.beta_2) * tf.square(d_var)
            v_hat = self.v_dvar[i] / (1 - (self.beta_1**self.t))
            s_hat = self.s_dvar[i] / (1 - (self.beta_2**self.t))
            var.assign_sub(self.learning_rate * (v_hat / (tf.sqrt(s_hat) + self.ep)))
        self.t += 1.0


class AssignedSlots(tf.Module):
    """Slots that stay variables, in a dict, with the dtype of what they belong to."""

    def __init__(self, learning_rate=1e-3, rho=0.9):
        self.learning_rate = learning_rate
        self.rho = rho
        self.slots = {}
        self.step = tf.Variable(0)

    def apply_gradients(self, grads, vars):
        self.step.assign_add(1)
        for grad, var in zip(grads, vars, strict=True):
            if var.ref() not in self.slots:
                self.slots[var.ref()] = tf.Variable(tf.zeros_like(var))
            slot = self.slots[var.ref()]
            slot.assign(self.rho * slot + (1.0 - self.rho) * grad * grad)
            var.assign_sub(self.learning_rate * grad / (tf.sqrt(slot) + 1e-3))


class KeyedById:
    """A plain class; state in a dict keyed by id, an inner object, a tuple and None before the first call."""

    class Counter:
        """State in an object of its own."""

        def __init__(self):
            self.count = 0

    def __init__(self, lr=1e-3):
        self.lr = lr
        self.slots = {}
        self.counter = self.Counter()
        self.pair = (0.0, 1)
        self.last = None

    def apply_gradients(self, grads_and_vars):
        self.counter.count += 1
        for grad, var in grads_and_vars:
            old = self.slots.get(id(var), 0.0)
            self.slots[id(var)] = 0.5 * old + grad
            self.pair = (self.pair[0] + 0.1, self.pair[1] * 2)
            trend = grad if self.last is None else 0.5 * (grad + self.last)
            var.assign_sub(self.lr / self.counter.count * (self.slots[id(var)] + self.pair[0] * trend))
            self.last = grad


class Normalised(tf.Module):
    """Couples the coordinates through a norm."""

    def __init__(self, learning_rate=1e-3):
        self.learning_rate = learning_rate

    def apply_gradients(self, grads, vars):
        for grad, var in zip(grads, vars, strict=True):
            var.assign_sub(self.learning_rate * grad / (tf.norm(grad) + 1e-3))


class Whitened(tf.Module):
    """A matrix in its state, and functions of plain tensors: only one run at a time can be shown to it."""

    def __init__(self, learning_rate=1e-3):
        self.learning_rate = learning_rate
        self.matrix = None
        self.t = 0

    def apply_gradients(self, grads, vars):
        (grad,), (var,) = grads, vars
        outer = tf.einsum("i,j->ij", grad, grad)
        self.matrix = outer if self.matrix is None else self.matrix + outer
        self.t += 1
        size = tf.cast(tf.size(grad), grad.dtype)
        mean = self.matrix / self.t
        values, vectors = tf.linalg.eigh(mean + tf.linalg.trace(mean) * tf.linalg.diag(tf.ones_like(grad)))
        root = tf.matmul(vectors * tf.math.rsqrt(values), vectors, transpose_b=True)
        var.assign_sub(self.learning_rate / size * tf.linalg.matvec(root, grad))


class Checked(tf.Module):
    """Looks at its learning rate with Python's if."""

    def __init__(self, learning_rate=1e-3, momentum=0.0):
        if learning_rate <= 0:
            raise ValueError("a positive learning rate is expected")
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.velocity = 0.0

    def apply_gradients(self, grads, vars):
        for grad, var in zip(grads, vars, strict=True):
            self.velocity = self.momentum * self.velocity + grad if self.momentum else grad
            var.assign_sub(self.learning_rate * self.velocity)
