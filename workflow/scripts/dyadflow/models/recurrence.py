"""LSTMs with backward passes of their own: of many at once for a GPU, of one whose input needs no gradient for a CPU.

Autograd over a loop would keep and walk a dozen small steps for each frame.
"""

from typing import Any

import torch

from dyadflow.models.products import multiply


class Recurrence(torch.autograd.Function):
    """The recurrent part of LSTMs, many at once.

    The factors of the chain rule are worked out for all frames at once, the walk back does only what depends on the
    frame after, and the gradient of the weights is one product.
    """

    @staticmethod
    def forward(context: Any, given: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Hidden states.

        Parameters
        ----------
        given
            What the input and the biases give to the gates, in torch's order (input, forget, cell, output), shape
            (lstms, window, batch, 4 * hidden).
        weights
            From hidden state to gates, shape (lstms, 4 * hidden, hidden).

        Returns
        -------
        tensor, shape (lstms, window, batch, hidden)
        """
        lstms, window, batch, four = given.shape
        size, across = four // 4, weights.mT
        gates = torch.empty_like(given)
        cells = given.new_empty(lstms, window, batch, size)
        hidden = given.new_empty(lstms, window, batch, size)
        squashed = given.new_empty(lstms, window, batch, size)
        state, cell = given.new_zeros(lstms, batch, size), given.new_zeros(lstms, batch, size)
        for frame in range(window):
            now = torch.baddbmm(given[:, frame], state, across)
            gate = gates[:, frame]
            torch.sigmoid(now, out=gate)
            gate[..., 2 * size:3 * size] = torch.tanh(now[..., 2 * size:3 * size])
            into, keep, new, out = gate.split(size, dim=-1)
            cell = torch.addcmul(keep * cell, into, new)
            calm = torch.tanh(cell)
            state = out * calm
            cells[:, frame], squashed[:, frame], hidden[:, frame] = cell, calm, state
        context.save_for_backward(gates, cells, squashed, hidden, weights)
        return hidden

    @staticmethod
    def backward(context: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Gradients of `given` and `weights`."""
        gates, cells, squashed, hidden, weights = context.saved_tensors
        window, size = hidden.shape[1], hidden.shape[3]
        into, keep, new, out = gates.split(size, dim=-1)
        before = torch.cat([torch.zeros_like(cells[:, :1]), cells[:, :-1]], dim=1)
        # What a change of the cell does to its three gates, and one of the hidden state to the fourth and the cell.
        factors = torch.stack([
            new * into * (1 - into), before * keep * (1 - keep), into * (1 - new * new),
        ], dim=3)
        of_out, of_cell = squashed * out * (1 - out), out * (1 - squashed * squashed)
        into_gates = torch.empty_like(gates)
        from_next, carried = torch.zeros_like(hidden[:, 0]), torch.zeros_like(hidden[:, 0])
        for frame in range(window - 1, -1, -1):
            arriving = gradient[:, frame] + from_next
            cell = torch.addcmul(carried, arriving, of_cell[:, frame])
            here = into_gates[:, frame]
            torch.mul(factors[:, frame], cell.unsqueeze(2), out=here[..., : 3 * size].unflatten(-1, (3, size)))
            torch.mul(arriving, of_out[:, frame], out=here[..., 3 * size:])
            from_next = torch.bmm(here, weights)
            carried = cell * keep[:, frame]
        earlier = torch.cat([torch.zeros_like(hidden[:, :1]), hidden[:, :-1]], dim=1)
        of_weights = torch.bmm(into_gates.flatten(1, 2).mT, earlier.flatten(1, 2))
        return into_gates, of_weights


class BothWays(torch.autograd.Function):
    """A bidirectional LSTM layer on a CPU whose input is data and needs no gradient.

    torch's own kernel works that gradient out whether it is wanted or not: of a wide input, a third of all work. Both
    directions are walked in one loop, and what the input gives to the gates of both is one product.
    """

    @staticmethod
    def forward(
        context: Any, values: torch.Tensor, given: torch.Tensor, recurrent: torch.Tensor, biases: torch.Tensor
    ) -> torch.Tensor:
        """Hidden states.

        Parameters
        ----------
        values
            Shape (batch, window, dims).
        given
            Weights from the input to the gates, in torch's order (input, forget, cell, output), forwards and backwards,
            shape (2, 4 * hidden, dims).
        recurrent
            Weights from hidden state to gates, shape (2, 4 * hidden, hidden).
        biases
            Shape (2, 4 * hidden).

        Returns
        -------
        tensor, shape (batch, window, 2 * hidden)
        """
        batch, window, dims = values.shape
        size = recurrent.shape[2]
        arriving = multiply(values.reshape(-1, dims), given.reshape(-1, dims), biases.flatten())
        arriving = arriving.view(batch, window, 2, 4 * size)
        gates = arriving.new_empty(window, 2, batch, 4 * size)
        news, cells, squashed = arriving.new_empty(3, window, 2, batch, size).unbind()
        hidden = arriving.new_empty(batch, window, 2, size)
        for step in range(window):
            gate, at = gates[step], (step, window - 1 - step)
            for way in (0, 1):
                here = arriving[:, at[way], way]
                if step:
                    before = hidden[:, at[way] + (1 if way else -1), way]
                    torch.addmm(here, before, recurrent[way].mT, out=gate[way])
                else:
                    gate[way] = here
            into, keep, new, out = gate.split(size, dim=-1)
            torch.tanh(new, out=news[step])
            gate.sigmoid_()
            torch.mul(into, news[step], out=cells[step])
            if step:
                cells[step].addcmul_(keep, cells[step - 1])
            torch.tanh(cells[step], out=squashed[step])
            for way in (0, 1):
                torch.mul(out[way], squashed[step][way], out=hidden[:, at[way], way])
        context.save_for_backward(values, recurrent, gates, news, cells, squashed, hidden)
        return hidden.flatten(2)

    @staticmethod
    def backward(context: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Gradients of `given`, `recurrent` and `biases`; none of `values`."""
        values, recurrent, gates, news, cells, squashed, hidden = context.saved_tensors
        batch, window, dims = values.shape
        size = recurrent.shape[2]
        gradient = gradient.view(batch, window, 2, size)
        into_gates = gates.new_empty(batch, window, 2, 4 * size)
        here, slopes = gates.new_empty(2, 2, batch, 4 * size).unbind()
        arriving, cell, part = gates.new_empty(3, 2, batch, size).unbind()
        carried = gates.new_zeros(2, batch, size)
        of_into, of_keep, of_new, of_out = here.split(size, dim=-1)
        for step in range(window - 1, -1, -1):
            at = (step, window - 1 - step)
            for way in (0, 1):
                if step < window - 1:
                    torch.addmm(gradient[:, at[way], way], here[way], recurrent[way], out=arriving[way])
                else:
                    arriving[way] = gradient[:, at[way], way]
            gate, new, calm = gates[step], news[step], squashed[step]
            into, keep, _, out = gate.split(size, dim=-1)
            torch.mul(arriving, out, out=part)
            torch.add(carried, part, out=cell)
            cell.addcmul_(part.mul_(calm), calm, value=-1)
            torch.mul(cell, keep, out=carried)
            # First what reaches each gate, then all at once times the slopes of their sigmoids, g (1 - g); the cell's
            # new content is a tanh, 1 - n**2.
            torch.mul(cell, new, out=of_into)
            if step:
                torch.mul(cell, cells[step - 1], out=of_keep)
            else:
                of_keep.zero_()
            torch.mul(cell, into, out=of_new)
            torch.mul(arriving, calm, out=of_out)
            torch.addcmul(gate, gate, gate, value=-1, out=slopes)
            slopes[..., 2 * size:3 * size].fill_(1).addcmul_(new, new, value=-1)
            here.mul_(slopes)
            for way in (0, 1):
                into_gates[:, at[way], way] = here[way]
        flat = into_gates.view(-1, 8 * size)
        of_given = multiply(flat.mT, values.reshape(-1, dims).mT).view(2, 4 * size, dims)
        pairs = ((into_gates[:, 1:, 0], hidden[:, :-1, 0]), (into_gates[:, :-1, 1], hidden[:, 1:, 1]))
        of_recurrent = torch.stack([
            multiply(gate.reshape(-1, 4 * size).mT, before.reshape(-1, size).mT) for gate, before in pairs])
        return None, of_given, of_recurrent, flat.sum(dim=0).view(2, 4 * size)
