// SPDX-License-Identifier: Apache-2.0
// N write masters on one bus. Data follow the order of the addresses, but do not wait until the bus takes them.
module hls_axi_write_mux #(
    parameter int N = 2,
    parameter int W = 128,
    parameter int OUTSTANDING = 32
) (
    input  logic             clk,
    input  logic             rst,
    input  logic [N-1:0]     awvalid,
    output logic [N-1:0]     awready,
    input  logic [64*N-1:0]  awaddr,
    input  logic [8*N-1:0]   awlen,
    input  logic [N-1:0]     wvalid,
    output logic [N-1:0]     wready,
    input  logic [N*W-1:0]   wdata,
    input  logic [N-1:0]     wlast,
    output logic [N-1:0]     bvalid,
    output logic [63:0]      m_awaddr,
    output logic [7:0]       m_awlen,
    output logic             m_awvalid,
    input  logic             m_awready,
    output logic [W-1:0]     m_wdata,
    output logic             m_wlast,
    output logic             m_wvalid,
    input  logic             m_wready,
    input  logic             m_bvalid
);
  localparam int B = $clog2(N);

  logic grant, writers_full_n, answers_full_n, writing, answering;
  logic [B-1:0] order, writer, answered;

  hls_axi_arbiter #(.N(N)) arbiter (
      .clk(clk), .rst(rst), .valid(awvalid), .ready(awready), .address(awaddr), .length(awlen), .m_valid(m_awvalid),
      .m_ready(m_awready), .m_address(m_awaddr), .m_length(m_awlen), .hold(~writers_full_n | ~answers_full_n),
      .grant(grant), .order(order)
  );
  hls_fifo #(.W(B), .D(OUTSTANDING)) writers (
      .clk(clk), .rst(rst), .din(order), .write(grant), .full_n(writers_full_n), .dout(writer), .empty_n(writing),
      .read(m_wvalid & m_wready & m_wlast)
  );
  hls_fifo #(.W(B), .D(OUTSTANDING)) answers (
      .clk(clk), .rst(rst), .din(order), .write(grant), .full_n(answers_full_n), .dout(answered),
      .empty_n(answering), .read(m_bvalid)
  );
  always_comb begin
    wready = '0;
    bvalid = '0;
    m_wdata = '0;
    m_wlast = 1'b0;
    m_wvalid = 1'b0;
    for (int k = 0; k < N; k++) begin
      bvalid[k] = m_bvalid & answering & answered == B'(k);
      if (writer == B'(k)) begin
        wready[k] = writing & m_wready;
        m_wdata = wdata[k*W +: W];
        m_wlast = wlast[k];
        m_wvalid = writing & wvalid[k];
      end
    end
  end
endmodule
