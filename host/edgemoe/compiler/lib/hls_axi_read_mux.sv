// SPDX-License-Identifier: Apache-2.0
// N read masters on one bus. Each of them always takes its data, so that no master can hold up another.
module hls_axi_read_mux #(
    parameter int N = 2,
    parameter int OUTSTANDING = 32
) (
    input  logic            clk,
    input  logic            rst,
    input  logic [N-1:0]    arvalid,
    output logic [N-1:0]    arready,
    input  logic [64*N-1:0] araddr,
    input  logic [8*N-1:0]  arlen,
    output logic [N-1:0]    rvalid,
    output logic [63:0]     m_araddr,
    output logic [7:0]      m_arlen,
    output logic            m_arvalid,
    input  logic            m_arready,
    input  logic            m_rlast,
    input  logic            m_rvalid
);
  localparam int B = $clog2(N);

  logic grant, order_full_n, reading;
  logic [B-1:0] order, reader;

  hls_axi_arbiter #(.N(N)) arbiter (
      .clk(clk), .rst(rst), .valid(arvalid), .ready(arready), .address(araddr), .length(arlen), .m_valid(m_arvalid),
      .m_ready(m_arready), .m_address(m_araddr), .m_length(m_arlen), .hold(~order_full_n), .grant(grant),
      .order(order)
  );
  hls_fifo #(.W(B), .D(OUTSTANDING)) readers (
      .clk(clk), .rst(rst), .din(order), .write(grant), .full_n(order_full_n), .dout(reader), .empty_n(reading),
      .read(m_rvalid & m_rlast)
  );
  always_comb begin
    rvalid = '0;
    for (int k = 0; k < N; k++) rvalid[k] = m_rvalid & reading & reader == B'(k);
  end
endmodule
