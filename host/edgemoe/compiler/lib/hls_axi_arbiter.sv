// SPDX-License-Identifier: Apache-2.0
// Chooses among the address channels of N masters on one bus. A chosen burst is offered until it is taken, and its
// master's number goes into `order` at the same time: data and answers come back in that order.
module hls_axi_arbiter #(
    parameter int N = 2,
    parameter int B = $clog2(N)  // bits of a master's number
) (
    input  logic            clk,
    input  logic            rst,
    input  logic [N-1:0]    valid,
    output logic [N-1:0]    ready,
    input  logic [64*N-1:0] address,
    input  logic [8*N-1:0]  length,
    output logic            m_valid,
    input  logic            m_ready,
    output logic [63:0]     m_address,
    output logic [7:0]      m_length,
    input  logic            hold,   // the queues behind `order` are full
    output logic            grant,  // pulse: `order` has a new number
    output logic [B-1:0]    order
);
  logic [B-1:0] chosen, next;

  // The first master behind the one served last that wants the bus.
  always_comb begin
    next = chosen;
    for (int k = N; k > 0; k--)
      if (valid[(32'(chosen) + k) % N]) next = B'((32'(chosen) + k) % N);
  end

  assign grant = ~m_valid & |valid & ~hold;
  assign order = next;
  always_comb begin
    ready = '0;
    m_address = '0;
    m_length = '0;
    for (int k = 0; k < N; k++)
      if (B'(k) == chosen) begin
        ready[k] = m_valid & m_ready;
        m_address = address[64*k +: 64];
        m_length = length[8*k +: 8];
      end
  end

  always_ff @(posedge clk) begin
    if (rst) begin
      m_valid <= 1'b0;
      chosen <= '0;
    end else begin
      m_valid <= grant | (m_valid & ~m_ready);
      if (grant) chosen <= next;
    end
  end
endmodule
